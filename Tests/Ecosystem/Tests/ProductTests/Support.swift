import UVLoop

/// Runs a closure on a loop that has a thread of its own, and ends the loop.
func withLoop<R: Sendable>(
    _ body: @Sendable (isolated EventLoop) async throws -> R
) async throws -> R {
    let thread = try EventLoopThread()
    let result: Result<R, any Error>
    do {
        result = .success(try await thread.loop.perform { try await body($0) })
    } catch {
        result = .failure(error)
    }
    await thread.shutdown()
    return try result.get()
}

/// Something that happened, or happens later; from anywhere.
struct Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let source: AsyncStream<Void>.Continuation

    init() { (stream, source) = AsyncStream.makeStream() }

    func send() { source.yield() }

    /// Returns when it has happened once more.
    func wait() async { for await _ in stream { return } }
}

/// The error that callbacks of tests throw.
struct Planned: Error, Equatable {}

/// Keeps the thread busy.
func compute(for duration: Duration) {
    let end = ContinuousClock.now.advanced(by: duration)
    while ContinuousClock.now < end {}
}
