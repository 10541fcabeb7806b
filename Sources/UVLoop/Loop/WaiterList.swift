/// Tasks that wait for something to happen on the loop. Belongs to the loop's thread.
final class WaiterList {
    private var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
    private var last = 0

    /// Suspends the calling task, which runs on the loop, until ``resumeAll()``.
    ///
    /// - Throws: `CancellationError` if the task is cancelled first.
    func wait(on loop: EventLoop, isolation: isolated (any Actor)? = #isolation) async throws {
        last += 1
        let number = last
        // Sound: the handler only passes it on to the loop's thread.
        nonisolated(unsafe) let list = self
        try await withTaskCancellationHandler {
            // Captured, or the closure would run on the global executor.
            _ = isolation
            try await withCheckedThrowingContinuation { continuation in
                waiters[number] = continuation
                if Task.isCancelled { cancel(number) }
            }
        } onCancel: {
            // A closed loop has resumed everyone already.
            try? loop.execute { _ in list.cancel(number) }
        }
    }

    private func cancel(_ number: Int) {
        waiters.removeValue(forKey: number)?.resume(throwing: CancellationError())
    }

    func resumeAll() {
        let resumed = waiters.sorted { $0.key < $1.key }
        waiters = [:]
        for waiter in resumed { waiter.value.resume() }
    }
}
