import Testing

@testable import UVLoop

/// Streams against socat, which passes on the end of either direction by itself.
@Suite(.timeLimit(.minutes(1)))
struct InteropSocatTests {
    private static let size = 4_000_000

    /// Its input ends first; what is received goes on to the end of the answer.
    @Test func aClientThatHalfCloses() async throws {
        let bytes = scrambled(Self.size)
        let answer = try await onLoop { loop in
            try await serving(loop) { stream in
                let received = try await stream.receiveToEnd()
                try await stream.send(received)
            } while: { listener in
                try await ForeignProgram.output(
                    of: "socat", "-t", "50", "-", "TCP4:127.0.0.1:\(listener.port)", input: bytes)
            }
        }
        #expect(answer == bytes)
    }

    /// The end goes to a filter's input, its answer comes back on the other direction.
    @Test func aServerThatHalfCloses() async throws {
        let bytes = scrambled(Self.size)
        let (server, port) = try await Self.server(running: "sha256sum")
        let answer = try await onLoop { loop in
            try await loop.withConnection(to: .ip("127.0.0.1", port: port)) { stream in
                try await stream.send(bytes)
                try await stream.sendEOF()
                return try await stream.receiveToEnd()
            }
        }
        let digest = try await ForeignProgram.digest(of: bytes)
        #expect(String(decoding: answer, as: UTF8.self) == "\(digest)  -\n")
        _ = try await server.outputToEnd()
    }

    @Test func aServerThatEndsFirst() async throws {
        let (server, port) = try await Self.server(running: "echo greetings")
        try await onLoop { loop in
            try await loop.withConnection(to: .ip("127.0.0.1", port: port)) { stream in
                let lines = [try await stream.receiveLine(), try await stream.receiveLine()]
                #expect(lines == ["greetings", nil])
            }
        }
        _ = try await server.outputToEnd()
    }

    /// socat, the proxy, socat: each end passes all the way, and nothing is lost on it.
    @Test func halfClosePassesAProxy() async throws {
        let bytes = scrambled(Self.size)
        let (server, port) = try await Self.server(running: "sha256sum")
        let answer = try await onLoop { loop in
            try await serving(loop) { client in
                try await client.loop.withConnection(to: .ip("127.0.0.1", port: port)) { server in
                    try await SeedPrograms.join(client, server)
                }
            } while: { listener in
                try await ForeignProgram.output(
                    of: "socat", "-t", "50", "-", "TCP4:127.0.0.1:\(listener.port)", input: bytes)
            }
        }
        let digest = try await ForeignProgram.digest(of: bytes)
        #expect(String(decoding: answer, as: UTF8.self) == "\(digest)  -\n")
        _ = try await server.outputToEnd()
    }

    /// A server for one connection, with a program behind it.
    private static func server(
        running program: String
    ) async throws -> (ForeignProgram, port: Int) {
        // It tells its port in its log: on standard error, so a shell turns that around.
        let command = "exec socat -d -d -t 50 TCP4-LISTEN:0,bind=127.0.0.1 \"$1\" 2>&1"
        let server = try ForeignProgram(["sh", "-c", command, "sh", "EXEC:\(program)"])
        while true {
            let line = try await server.line()
            if line.contains("socat: not found") { throw ForeignProgram.Missing(name: "socat") }
            guard line.contains("listening on"), let colon = line.lastIndex(of: ":") else {
                continue
            }
            return (server, try #require(Int(line[line.index(after: colon)...])))
        }
    }
}
