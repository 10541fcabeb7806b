import UVLoop

/// As much HTTP as a client needs: answers each request of a connection with its first line and its
/// body. For `/big` there is a mebibyte, and for `/silent` nothing.
enum TinyHTTP {
    nonisolated(nonsending) static func answer(_ stream: SocketStream) async throws {
        while let line = try await stream.receiveLine() {
            var length = 0
            while let header = try await stream.receiveLine(), !header.isEmpty {
                let parts = header.split(separator: ":")
                if parts[0].lowercased() == "content-length" {
                    length = Int(parts[1].drop { $0 == " " }) ?? 0
                }
            }
            var body = "\(line), "
            if length > 0, let bytes = try await stream.receive(exactly: length) {
                body += String(decoding: bytes, as: UTF8.self)
            }
            if line.contains("/silent") { continue }
            if line.contains("/big") { body = String(repeating: "b", count: 1 << 20) }
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            try await stream.send(head + body)
        }
    }
}
