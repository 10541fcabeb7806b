import Synchronization

/// Turns a hang into an error.
struct Watchdog: Sendable {
    let limit: Duration

    /// Runs the body in a task of its own and waits until it ends, the limit is over, or the
    /// calling task is cancelled. Then cleans up, so that what hangs gets loose.
    func watch<Pair>(
        _ trial: Trial<Pair>, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try Task.checkCancellation()
        let verdict = Verdict()
        let work = Task(executorPreference: trial.executor) {
            do {
                try await body()
                verdict.give(.success(()))
            } catch {
                verdict.give(.failure(error))
            }
        }
        let alarm = Task.detached { [limit] in
            try await Task.sleep(for: limit)
            verdict.give(.failure(trial.hang(after: limit)))
        }
        let result = await withTaskCancellationHandler {
            await verdict.wait()
        } onCancel: {
            verdict.give(.failure(CancellationError()))
        }
        alarm.cancel()
        work.cancel()
        trial.cleanUp()
        try result.get()
    }
}

/// A result that is given from several places, of which the first counts.
private final class Verdict: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Result<Void, any Error>, Never>)
        case given(Result<Void, any Error>)
    }

    private let state = Mutex(State.open)

    func give(_ result: Result<Void, any Error>) {
        let waiter: CheckedContinuation<Result<Void, any Error>, Never>? = state.withLock {
            switch $0 {
            case .given: return nil
            case .open:
                $0 = .given(result)
                return nil
            case .awaited(let continuation):
                $0 = .given(result)
                return continuation
            }
        }
        waiter?.resume(returning: result)
    }

    func wait() async -> Result<Void, any Error> {
        await withCheckedContinuation { continuation in
            let given: Result<Void, any Error>? = state.withLock {
                if case .given(let result) = $0 { return result }
                $0 = .awaited(continuation)
                return nil
            }
            if let given { continuation.resume(returning: given) }
        }
    }
}
