import UVLoop

/// The conversation with one client: a line comes, a line goes.
struct LineService: Sendable {
    static let longestLine = 1_024

    let store: Store
    /// How long a client may take for its next line, or to receive an answer.
    let patience: Duration

    func serve(_ stream: SocketStream) async throws {
        while let line = try await nextLine(of: stream) {
            switch Command(line) {
            case nil: try await answer("ERROR commands are SET, GET, DELETE and QUIT", on: stream)
            case .quit: return try await answer("BYE", on: stream)
            case let command?: try await answer(store.perform(command), on: stream)
            }
        }
    }

    /// The next line; nil if the client has ended, or has been told why no other will be read.
    private func nextLine(of stream: SocketStream) async throws -> String? {
        do {
            return try await stream.receiveLine(limit: Self.longestLine, timeout: patience)
        } catch StreamError.tooLong(let limit) {
            try await answer("ERROR a line has at most \(limit) bytes", on: stream)
        } catch StreamError.timedOut {
            try await answer("ERROR no line came for \(patience)", on: stream)
        }
        return nil
    }

    private func answer(_ line: String, on stream: SocketStream) async throws {
        try await stream.send(line + "\n", timeout: patience)
    }
}
