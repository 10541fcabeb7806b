import UVLoop

/// Answers one request on each connection, as HTTP/1.0 does, with a file of a folder.
struct FileServer: Sendable {
    private static let longestHead = 8_192
    private static let patience = Duration.seconds(10)
    /// How much of a file a client has to take within that time.
    private static let piece = 262_144

    let folder: ServedFolder

    func serve(_ stream: SocketStream) async throws {
        do {
            let request = try await receiveRequest(from: stream)
            let file = try await folder.open(request.target)
            try await sendHead(on: stream, "200 OK", length: file.size)
            if request.method == "GET" { try await send(file, on: stream) }
        } catch let refusal as Refusal {
            let text = "\(refusal.status)\n"
            try await sendHead(on: stream, refusal.status, length: text.utf8.count)
            try await stream.send(text, timeout: Self.patience)
        }
    }

    private func receiveRequest(
        from stream: SocketStream
    ) async throws -> (method: String, target: String) {
        let head: [UInt8]?
        do {
            head = try await stream.receive(
                until: "\r\n\r\n", limit: Self.longestHead, timeout: Self.patience)
        } catch StreamError.timedOut {
            throw Refusal.timeout
        } catch StreamError.tooLong, StreamError.incomplete {
            throw Refusal.badRequest
        }
        let first = head?.split(separator: UInt8(ascii: "\r"), maxSplits: 1).first ?? []
        let words = String(decoding: first, as: UTF8.self).split(separator: " ").map(String.init)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { throw Refusal.badRequest }
        guard ["GET", "HEAD"].contains(words[0]) else { throw Refusal.notImplemented }
        return (words[0], words[1])
    }

    private func sendHead(on stream: SocketStream, _ status: String, length: Int) async throws {
        try await stream.send(
            "HTTP/1.0 \(status)\r\nContent-Length: \(length)\r\nConnection: close\r\n\r\n",
            timeout: Self.patience)
    }

    /// The bytes go from the disk to the socket. A client that is slow makes this wait, and costs
    /// no memory.
    private func send(_ file: ServedFile, on stream: SocketStream) async throws {
        var sent = 0
        while sent < file.size {
            let count = try await stream.sendFile(
                file.file, from: sent, count: min(file.size - sent, Self.piece),
                timeout: Self.patience)
            // The file has become shorter: the client must not take what it has for all of it.
            guard count > 0 else { return stream.abort() }
            sent += count
        }
    }
}

/// Why a request gets no file: the status line's words.
struct Refusal: Error {
    let status: String

    static let badRequest = Refusal(status: "400 Bad Request")
    static let notFound = Refusal(status: "404 Not Found")
    static let timeout = Refusal(status: "408 Request Timeout")
    static let notImplemented = Refusal(status: "501 Not Implemented")
}
