import ExampleSupport
import UVLoop

/// Serves until a signal asks for the end.
func serveEcho(port: Int, plain: Bool) throws {
    try EventLoop.run { loop in
        let endpoint = Endpoint.ip("127.0.0.1", port: port)
        let server =
            if plain {
                try await loop.listen(on: endpoint) { PlainEcho() }
            } else {
                try await loop.listen(on: endpoint) { BufferedEcho() }
            }
        say("listening on \(server.addresses[0])")
        await terminationSignal(on: loop)
        try await server.shutdown(grace: .seconds(1))
        say("server closed, \(server.connectionCount) connections left")
    }
}
