/// The one task that waits for something to happen on the loop. Belongs to the loop's thread.
///
/// Nothing is remembered: what happens while nobody waits has to be found by whoever waits next.
final class Waiter {
    private var continuation: CheckedContinuation<Void, any Error>?
    private var last = 0

    /// Whether a task waits, and has not been resumed.
    var isWaiting: Bool { continuation != nil }

    /// Suspends the calling task, which runs on the loop, until ``resume()``. No two at a time.
    ///
    /// - Parameter timeout: how long; nil for as long as it takes.
    /// - Throws: what ``fail(_:)`` is given; ``StreamError/timedOut``; `CancellationError` if the
    ///   task is cancelled first.
    func wait(
        on loop: EventLoop, timeout: Duration? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        last += 1
        let number = last
        // Sound: the handler only passes it on to the loop's thread.
        nonisolated(unsafe) let waiter = self
        let timer = timeout.map {
            loop.callLater($0) { waiter.end(number, StreamError.timedOut) }
        }
        defer {
            loop.assertOnThread()
            timer?.stop()
        }
        try await withTaskCancellationHandler {
            // Captured, or the closure would run on the global executor.
            _ = isolation
            try await withCheckedThrowingContinuation { continuation in
                self.continuation = continuation
                if Task.isCancelled { fail(CancellationError()) }
            }
        } onCancel: {
            // A closed loop has resumed everyone already.
            try? loop.execute { _ in waiter.end(number, CancellationError()) }
        }
    }

    /// Ends the wait with that number, if it still goes on.
    private func end(_ number: Int, _ error: any Error) {
        if number == last { fail(error) }
    }

    /// Lets the waiting task go on, if there is one.
    func resume() {
        continuation.take()?.resume()
    }

    /// Lets the waiting task go on with an error, if there is one.
    func fail(_ error: any Error) {
        continuation.take()?.resume(throwing: error)
    }
}
