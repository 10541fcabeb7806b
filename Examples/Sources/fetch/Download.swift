import ExampleSupport
import UVLoop

/// Fetches a file and writes it to standard output, or to a file.
///
/// - Parameter timeout: the most that connecting, and then each piece, may take.
func download(_ url: WebAddress, to path: String?, timeout: Duration) throws {
    try EventLoop.run { loop in
        try await loop.withConnection(to: url.endpoint, timeout: timeout) { stream in
            try await stream.send(
                "GET \(url.path) HTTP/1.0\r\nHost: \(url.authority)\r\n\r\n", timeout: timeout)
            let head = try await ResponseHead(receivedOn: stream, timeout: timeout)
            guard head.status == 200 else { throw DownloadFailure("\(head.status) \(head.reason)") }

            let output = try await OutputFile(path, on: loop)
            var count = 0
            do {
                while let chunk = try await stream.receive(timeout: timeout) {
                    count += chunk.count
                    try await output.write(chunk)
                }
                try head.checkLength(count)
                try await output.finish()
            } catch {
                await output.discard()
                throw error
            }
        }
    }
}

/// Why there is no file.
struct DownloadFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What a server says before the file.
struct ResponseHead {
    let status: Int
    let reason: String
    /// How many bytes are to follow; nil if they end with the connection.
    private(set) var length: Int?

    private static let longestLine = 8_192
    private static let mostLines = 100

    init(receivedOn stream: SocketStream, timeout: Duration) async throws {
        let first = try await Self.line(of: stream, timeout)
        let words = first.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw DownloadFailure("that is no HTTP: \(first.prefix(80).debugDescription)")
        }
        self.status = status
        reason = words.count > 2 ? words[2] : ""

        for _ in 0..<Self.mostLines {
            let line = try await Self.line(of: stream, timeout)
            if line.isEmpty { return }
            let field = line.split(separator: ":", maxSplits: 1)
            if field.count == 2, field[0].lowercased() == "content-length" {
                length = Int(field[1].drop { $0 == " " })
            }
        }
        throw DownloadFailure("more than \(Self.mostLines) lines came before the file")
    }

    /// Throws unless as many bytes have come as were announced.
    func checkLength(_ count: Int) throws {
        guard let length, count != length else { return }
        throw DownloadFailure("\(count) bytes came instead of \(length)")
    }

    private static func line(of stream: SocketStream, _ timeout: Duration) async throws -> String {
        let line = try await stream.receiveLine(limit: longestLine, timeout: timeout)
        guard let line else { throw DownloadFailure("the server has hung up") }
        return line
    }
}
