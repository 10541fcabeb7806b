import ExampleSupport
import UVLoop

/// A chat for `telnet 127.0.0.1 7001` or `nc 127.0.0.1 7001`. The first line is a name, every other
/// one goes to all the others; `/quit` leaves.
@main struct Chat {
    static let usage = "usage: chat [--port P]"

    static func main() {
        var words = CommandLineWords(usage: usage)
        var port = 7001
        while let word = words.next() {
            switch word {
            case "--port": port = words.number(for: word, in: 0...65_535)
            default: words.reject("unknown option: \(word)")
            }
        }
        do {
            try serve(port: port)
        } catch {
            fail("chat: \(error)")
        }
    }

    static func serve(port: Int) throws {
        try EventLoop.run { loop in
            let room = Room()
            let server = try await loop.listen(on: .ip("127.0.0.1", port: port)) { Member(room) }
            say("listening on \(server.addresses[0])")
            await terminationSignal(on: loop)
            room.tell("* the server ends")
            try await server.shutdown(grace: .seconds(1))
        }
    }
}
