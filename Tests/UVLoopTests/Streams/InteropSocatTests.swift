import Testing

@testable import UVLoop

/// Streams against socat, which passes on the end of either direction by itself.
@Suite(.timeLimit(.minutes(1)))
struct InteropSocatTests {
    private static let size = 4_000_000

    /// What is between socat and the stream.
    enum Kind: CaseIterable, Sendable {
        case tcp, unix

        /// Where a stream listens.
        func endpoint(in directory: TemporaryDirectory) -> Endpoint {
            self == .tcp ? .ip("127.0.0.1", port: 0) : .unix(directory.file("socket"))
        }

        /// How socat connects to a listener.
        func destination(_ listener: Listener, in directory: TemporaryDirectory) -> String {
            switch self {
            case .tcp: "TCP4:127.0.0.1:\(listener.port)"
            case .unix: "UNIX-CONNECT:\(directory.file("socket"))"
            }
        }
    }

    /// Its input ends first; what is received goes on to the end of the answer.
    @Test(arguments: Kind.allCases)
    func aClientThatHalfCloses(_ kind: Kind) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let bytes = scrambled(Self.size)
        let answer = try await onLoop { loop in
            try await serving(loop, on: kind.endpoint(in: directory)) { stream in
                let received = try await stream.receiveToEnd()
                try await stream.send(received)
            } while: { listener in
                try await ForeignProgram.output(
                    of: "socat", "-t", "50", "-", kind.destination(listener, in: directory),
                    input: bytes)
            }
        }
        #expect(answer == bytes)
    }

    /// The end goes to a filter's input, its answer comes back on the other direction.
    @Test(arguments: Kind.allCases)
    func aServerThatHalfCloses(_ kind: Kind) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let bytes = scrambled(Self.size)
        let (server, endpoint) = try await Self.server(kind, in: directory, running: "sha256sum")
        let answer = try await onLoop { loop in
            try await loop.withConnection(to: endpoint) { stream in
                try await stream.send(bytes)
                try await stream.sendEOF()
                return try await stream.receiveToEnd()
            }
        }
        let digest = try await ForeignProgram.digest(of: bytes)
        #expect(String(decoding: answer, as: UTF8.self) == "\(digest)  -\n")
        _ = try await server.outputToEnd()
    }

    @Test(arguments: Kind.allCases)
    func aServerThatEndsFirst(_ kind: Kind) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let (server, endpoint) = try await Self.server(
            kind, in: directory, running: "echo greetings")
        try await onLoop { loop in
            try await loop.withConnection(to: endpoint) { stream in
                let lines = [try await stream.receiveLine(), try await stream.receiveLine()]
                #expect(lines == ["greetings", nil])
            }
        }
        _ = try await server.outputToEnd()
    }

    /// socat, the proxy, socat: each end passes all the way, and nothing is lost on it.
    @Test(arguments: Kind.allCases)
    func halfClosePassesAProxy(_ kind: Kind) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let bytes = scrambled(Self.size)
        let (server, endpoint) = try await Self.server(kind, in: directory, running: "sha256sum")
        let answer = try await onLoop { loop in
            try await serving(loop) { client in
                try await client.loop.withConnection(to: endpoint) { server in
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
        _ kind: Kind, in directory: TemporaryDirectory, running program: String
    ) async throws -> (ForeignProgram, Endpoint) {
        let file = directory.file("server")
        // With a bound, lest it outlive a test process that is killed.
        let place =
            (kind == .tcp ? "TCP4-LISTEN:0,bind=127.0.0.1" : "UNIX-LISTEN:\(file)")
            + ",accept-timeout=50"
        // It tells its port in its log: on standard error, so a shell turns that around.
        let command = "exec socat -d -d -t 50 -T 50 \"$1\" \"$2\" 2>&1"
        let server = try ForeignProgram(["sh", "-c", command, "sh", place, "EXEC:\(program)"])
        while true {
            let line = try await server.line()
            if line.contains("socat: not found") { throw ForeignProgram.Missing(name: "socat") }
            guard line.contains("listening on") else { continue }
            if kind == .unix { return (server, .unix(file)) }
            let port = line.split(separator: ":").last.flatMap { Int($0) }
            return (server, .ip("127.0.0.1", port: try #require(port)))
        }
    }
}
