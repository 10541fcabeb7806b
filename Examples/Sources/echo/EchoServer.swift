import ExampleSupport
import UVLoop

/// Serves with the buffered protocol until a signal asks for the end.
func serveEcho(port: Int) throws {
    try EventLoop.run { loop in
        let server = try await loop.listen(on: .ip("127.0.0.1", port: port)) { BufferedEcho() }
        say("listening on \(server.addresses[0])")
        await terminationSignal(on: loop)
        try await server.shutdown(grace: .seconds(1))
        say("server closed, \(server.connectionCount) connections left")
    }
}

/// The same with the plain protocol.
func servePlainEcho(port: Int) throws {
    try EventLoop.run { loop in
        let server = try await loop.listen(on: .ip("127.0.0.1", port: port)) { PlainEcho() }
        say("listening on \(server.addresses[0])")
        await terminationSignal(on: loop)
        try await server.shutdown(grace: .seconds(1))
        say("server closed, \(server.connectionCount) connections left")
    }
}
