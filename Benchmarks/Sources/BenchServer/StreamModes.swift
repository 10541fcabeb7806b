import UVLoop

/// Serves a mode by async streams.
final class StreamService: Service {
    let port: Int
    private let task: Task<Void, any Error>

    init(_ listener: Listener, _ mode: Options.Mode) {
        port = listener.port
        let handler = Self.handler(mode)
        task = listener.loop.spawn { _ in try await listener.serve(handler) }
    }

    static func handler(_ mode: Options.Mode) -> Listener.Handler {
        switch mode {
        case .echo: echo
        case .sink: sink
        case .source: source
        case .frames: frames
        }
    }

    func end() { task.cancel() }

    nonisolated(nonsending) func waitEnded() async throws { _ = await task.result }
}

/// Returns every byte, out of the memory that it came to.
@Sendable nonisolated(nonsending) func echo(_ stream: SocketStream) async throws {
    var rest: [UInt8] = []
    while try await stream.withReceived({ rest = try stream.trySend($0) }) != nil {
        if !rest.isEmpty { try await stream.send(rest) }
    }
}

/// Reads and drops; the stream closes at the client's end of file.
@Sendable nonisolated(nonsending) func sink(_ stream: SocketStream) async throws {
    while try await stream.withReceived({ _ in true }) != nil {}
}

/// Sends 64 KiB chunks for ever.
@Sendable nonisolated(nonsending) func source(_ stream: SocketStream) async throws {
    let chunk = Source.chunk
    try await stream.setWriteBufferLimits(low: 0, high: Source.highMark)
    while true { try await stream.send(chunk) }
}

/// Takes frames of a 4-byte big-endian length and a payload, in place and in one piece, and answers
/// each with its length.
@Sendable nonisolated(nonsending) func frames(_ stream: SocketStream) async throws {
    // Frames of half this size lie in one piece, and their memory is kept from one to the next.
    try await stream.setReceiveLimit(8 << 20)
    while let header = try await stream.receive(exactly: 4) {
        let length = try payloadLength(header)
        if length > 0 {
            guard try await stream.withReceived(exactly: length, { _ in true }) != nil else {
                throw StreamError.incomplete(available: 0)
            }
        }
        try await stream.send(header)
    }
}
