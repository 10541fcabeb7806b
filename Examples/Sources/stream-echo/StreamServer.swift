import ExampleSupport
import UVLoop

/// Serves until a signal asks for the end; conversations have a second then to come to theirs.
func serve(port: Int) throws {
    try EventLoop.run { loop in
        let listener = try await loop.listen(on: .ip("127.0.0.1", port: port))
        say("listening on \(listener.addresses[0])")
        async let serving: Void = listener.serve { stream in try await answer(stream) }
        await terminationSignal(on: loop)
        try await listener.shutdown(grace: .seconds(1))
        try await serving
    }
}

/// Answers what comes, at most 100 bytes at a time, until the client ends or says `quit`. When it
/// returns or throws, the stream is closed.
func answer(_ stream: SocketStream) async throws {
    while let bytes = try await stream.receive(upTo: 100) {
        let message = String(decoding: bytes, as: UTF8.self)
        say("received \(message.debugDescription)")
        try await stream.send(bytes)
        if message.prefix(while: { !$0.isNewline }) == "quit" { return }
    }
}
