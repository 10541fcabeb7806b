import Dispatch
import Synchronization

/// A computation on a thread of Dispatch, and the task that waits for it.
///
/// Dispatch's global queue, and not the thread pool of libuv: that one has four threads whatever
/// the number of cores, and shares them with what blocks; and the way there and back is dearer (15
/// µs of CPU time, here 9). Nor Swift's global executor, which can be the loop itself.
final class Computation<R>: Sendable {
    private enum State {
        /// Waits for a thread; nil until the task has begun to wait.
        case queued(CheckedContinuation<Outcome, Never>?)
        /// A thread has it.
        case begun
        /// Taken back before that.
        case cancelled
    }

    /// Sendable without the compiler's check: `work` gives it away.
    private struct Outcome: @unchecked Sendable {
        let result: Result<R, any Error>
    }

    private let work: @Sendable () throws -> sending R
    private let state = Mutex(State.queued(nil))

    init(_ work: @escaping @Sendable () throws -> sending R) {
        self.work = work
    }

    nonisolated(nonsending) func run() async throws -> sending R {
        let outcome = await withCancellation()
        return try outcome.result.get()
    }

    private func withCancellation(
        isolation: isolated (any Actor)? = #isolation
    ) async -> Outcome {
        await withTaskCancellationHandler {
            // Captured, or the closure would run on the global executor.
            _ = isolation
            return await withCheckedContinuation { start($0) }
        } onCancel: {
            cancel()
        }
    }

    private func start(_ continuation: CheckedContinuation<Outcome, Never>) {
        let isQueued = state.withLock { state in
            guard case .queued = state else { return false }
            state = .queued(continuation)
            return true
        }
        guard isQueued else { return continuation.resume(returning: Self.cancellation) }
        DispatchQueue.global().async { self.compute() }
    }

    private func compute() {
        let continuation = take(leaving: .begun)
        guard let continuation else { return }
        continuation.resume(returning: Outcome(result: Result { try work() }))
    }

    private func cancel() {
        take(leaving: .cancelled)?.resume(returning: Self.cancellation)
    }

    /// Takes the continuation of what is still queued.
    private func take(leaving next: State) -> CheckedContinuation<Outcome, Never>? {
        state.withLock { state in
            guard case .queued(let continuation) = state else { return nil }
            state = next
            return continuation
        }
    }

    private static var cancellation: Outcome { Outcome(result: .failure(CancellationError())) }
}
