import Testing

@testable import UVLoop

/// Serves connections, over TCP unless told otherwise, while a closure runs, then ends in order. An
/// error of a handler fails the test.
nonisolated(nonsending) func serving<R>(
    _ loop: EventLoop, on endpoint: Endpoint = .ip("127.0.0.1", port: 0),
    _ handler: @escaping Listener.Handler,
    while body: (Listener) async throws -> R
) async throws -> R {
    let listener = try await loop.listen(on: endpoint)
    async let serving: Void = listener.serve { stream in
        do {
            try await handler(stream)
        } catch {
            if !Task.isCancelled { Issue.record(error) }
            throw error
        }
    }
    let result = try await body(listener)
    try await listener.shutdown(grace: .seconds(50))
    try await serving
    return result
}

extension SocketStream {
    /// Everything until the end of the stream.
    func receiveToEnd() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self { bytes += chunk }
        return bytes
    }
}

/// So many bytes, of which any that are lost, doubled or exchanged leave a trace: random ones,
/// again and again, in a period that no buffer has.
func scrambled(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    let block = random.bytes(min(count, 99_991))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes += block }
    bytes.removeLast(bytes.count - count)
    return bytes
}
