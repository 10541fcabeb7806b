import ExampleSupport

/// The demonstration of the README: a server process and a client on real sockets.
func demonstrate() throws {
    for plain in [false, true] {
        say(plain ? "\n== plain protocol: dataReceived" : "== buffered protocol: getBuffer")
        let server = try ServerProcess(arguments: plain ? ["--plain"] : [])
        say("server \(server.id): listening on 127.0.0.1:\(server.port)")
        let messages = [
            Message("hello"), Message("naïve café"), Message(pattern: 1),
            Message(pattern: 65_537), Message(pattern: 1 << 20),
        ]
        guard try talk(toPort: server.port, plain: plain, messages: messages) else {
            _ = try server.end()
            return say("ended by a signal")
        }
        for line in try server.end() { say("server \(server.id): \(line)") }
        say("server \(server.id): ended by SIGTERM with status 0")
    }
    say("\nEvery byte came back.")
}
