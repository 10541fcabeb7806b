/// Work for the pool, and what comes of it.
///
/// Sendable without the compiler's check: the result is written by the pool's thread and read by
/// the loop's after that has heard from it; libuv's lock is between.
final class BlockingBox<R>: @unchecked Sendable {
    private var work: (@Sendable () throws -> sending R)?
    private var outcome: Result<R, any Error>?

    init(_ work: @escaping @Sendable () throws -> sending R) { self.work = work }

    /// On a thread of the pool.
    func run() -> Int {
        guard let work else { return 0 }
        outcome = Result { try work() }
        return 0
    }

    /// What came of it, to be taken once; `answer` is what the pool says.
    func result(_ answer: Result<Int, UVError>) -> Result<R, any Error> {
        // What the work has captured goes now, whoever else may keep the request.
        work = nil
        if case .failure(let error) = answer { return .failure(error) }
        return outcome.take() ?? .failure(UVError.canceled)
    }
}

/// Work in the pool, and the task that waits for it. The task has a hop to the loop and one back.
final class BlockingCall<R>: Sendable {
    /// Sendable without the compiler's check: `work` gives it away.
    struct Outcome: @unchecked Sendable {
        let value: Result<R, any Error>
    }

    private let abandons: Bool
    private let box: BlockingBox<R>
    // Sound: of the loop's thread only.
    nonisolated(unsafe) private var continuation: CheckedContinuation<Outcome, Never>?
    nonisolated(unsafe) private var request: WorkRequest?

    init(_ abandons: Bool, _ work: @escaping @Sendable () throws -> sending R) {
        self.abandons = abandons
        box = BlockingBox(work)
    }

    func run(on loop: isolated EventLoop) async -> Outcome {
        guard !loop.core.isClosed else { return Outcome(value: .failure(EventLoopError.closed)) }
        return await withTaskCancellationHandler {
            // Captured, or the closure would run on the global executor.
            _ = loop
            return await withCheckedContinuation { start($0, on: loop) }
        } onCancel: {
            // A closed loop has resumed everyone already.
            try? loop.execute { _ in self.cancel() }
        }
    }

    private func start(
        _ continuation: CheckedContinuation<Outcome, Never>, on loop: isolated EventLoop
    ) {
        guard !Task.isCancelled else { return continuation.resume(returning: Self.cancellation) }
        self.continuation = continuation
        do {
            request = try WorkRequest.start(loop, box.run) { [self] in ended($0) }
        } catch {
            resume(Outcome(value: .failure(EventLoopError.closed)))
        }
    }

    private func ended(_ answer: Result<Int, UVError>) {
        resume(
            answer == .failure(.canceled)
                ? Self.cancellation : Outcome(value: box.result(answer)))
    }

    private func cancel() {
        guard let request, continuation != nil else { return }
        // What is taken back is over at once; libuv says so later, and nobody listens then.
        if request.cancel() || abandons { resume(Self.cancellation) }
    }

    private func resume(_ outcome: Outcome) {
        request = nil
        continuation.take()?.resume(returning: outcome)
    }

    private static var cancellation: Outcome { Outcome(value: .failure(CancellationError())) }
}
