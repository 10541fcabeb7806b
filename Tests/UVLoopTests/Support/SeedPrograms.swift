@testable import UVLoop

/// The programs that every stream layer has to carry, as small as they can be. `Examples` has them
/// as programs with command lines.
enum SeedPrograms {
    // MARK: The echo server of asyncio's articles

    static func echo(_ stream: SocketStream) async throws {
        while let bytes = try await stream.receive(upTo: 100) {
            try await stream.send(bytes)
            if bytes.starts(with: "quit".utf8) { return }
        }
    }

    // MARK: A line server

    /// Answers each line in capitals; one that is too long, or does not come, ends it.
    static func capitals(
        _ stream: SocketStream, limit: Int = 100, patience: Duration
    ) async throws {
        do {
            while let line = try await stream.receiveLine(limit: limit, timeout: patience) {
                try await stream.send(line.uppercased() + "\n")
            }
        } catch StreamError.tooLong {
            try await stream.send("! too long\n")
        } catch StreamError.timedOut {
            try await stream.send("! too late\n")
        }
    }

    // MARK: A file fetcher and its server

    struct Answer: Sendable {
        var status = 0
        var length: Int?
        var body: [UInt8] = []
    }

    struct NoHTTP: Error {}

    static func fetch(
        _ path: String, from server: Endpoint, on loop: EventLoop
    ) async throws -> Answer {
        try await loop.withConnection(to: server, timeout: .seconds(50)) { stream in
            try await stream.send("GET \(path) HTTP/1.0\r\nHost: test\r\n\r\n")
            var answer = Answer()
            let words = try await stream.receiveLine()?.split(separator: " ") ?? []
            guard words.count > 1, let status = Int(words[1]) else { throw NoHTTP() }
            answer.status = status
            answer.length = try await length(ofFieldsOn: stream)
            answer.body = try await stream.receiveToEnd()
            return answer
        }
    }

    /// Answers a request with a file, or a `POST` with the digest of what was posted.
    static func answer(_ stream: SocketStream, files: [String: [UInt8]]) async throws {
        guard let request = try await stream.receiveLine() else { return }
        let words = request.split(separator: " ").map(String.init)
        guard words.count == 3 else { throw NoHTTP() }
        let length = try await length(ofFieldsOn: stream)
        var status = "200 OK"
        var body: [UInt8]
        if words[0] == "POST" {
            let posted = try await stream.receive(exactly: length ?? 0) ?? []
            body = Array(try await ForeignProgram.digest(of: posted).utf8)
        } else if let file = files[words[1]] {
            body = file
        } else {
            (status, body) = ("404 Not Found", Array("not here\n".utf8))
        }
        let head = "HTTP/1.0 \(status)\r\nContent-Length: \(body.count)\r\n\r\n"
        if words[0] == "HEAD" { body = [] }
        try await stream.sendAll([head, body])
    }

    /// Receives the fields of a head; the value of `Content-Length`.
    private static func length(ofFieldsOn stream: SocketStream) async throws -> Int? {
        var length: Int?
        while let line = try await stream.receiveLine(), !line.isEmpty {
            let field = line.split(separator: ":", maxSplits: 1)
            if field.count == 2, field[0].lowercased() == "content-length" {
                length = Int(field[1].drop { $0 == " " })
            }
        }
        return length
    }

    // MARK: A proxy

    /// Passes on what comes on either stream to the other, until both have ended.
    static func join(_ one: SocketStream, _ other: SocketStream) async throws {
        do {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await pass(from: one, to: other) }
                group.addTask { try await pass(from: other, to: one) }
            }
        } catch {
            one.abort()
            other.abort()
            throw error
        }
    }

    private static func pass(from source: SocketStream, to sink: SocketStream) async throws {
        for try await chunk in source { try await sink.send(chunk) }
        try await sink.sendEOF()
    }
}
