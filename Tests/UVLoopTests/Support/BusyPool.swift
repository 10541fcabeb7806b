import Testing

@testable import UVLoop

/// Keeps all threads of libuv's pool busy: only in a process of its own. Another test that had one
/// of the threads, and waited for another, would wait for ever, and this for it.
final class BusyPool {
    private let gate = Gate()
    private let begun = Counter()
    private let ended = Counter()
    private static let threads = 4

    /// Returns when all of them are.
    init(_ loop: isolated EventLoop) async throws {
        for _ in 0..<Self.threads {
            let (begun, gate, ended) = (begun, gate, ended)
            try WorkRequest.start(loop) {
                begun.increment()
                gate.wait()
                return 0
            } _: { _ in
                ended.increment()
            }
        }
        try await until(loop) { begun.value == Self.threads }
    }

    func end(_ loop: isolated EventLoop) async throws {
        for _ in 0..<Self.threads { gate.open() }
        try await until(loop) { ended.value == Self.threads }
    }
}
