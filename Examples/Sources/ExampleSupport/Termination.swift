import UVLoop

/// Calls a closure on the loop when SIGINT or SIGTERM asks the process to end.
///
/// - Returns: the watches. They keep the loop running; set their `keepsLoopAlive` to false where
///   the loop is to end without a signal, too.
@discardableResult
public func onTerminationSignal(
    _ loop: EventLoop, _ body: @escaping () throws -> Void
) throws -> [SignalWatch] {
    try [Signal.interrupt, .terminate].map { try loop.onSignal($0, body) }
}

/// Returns when SIGINT or SIGTERM asks the process to end: the async form of
/// ``onTerminationSignal(_:_:)``.
public nonisolated(nonsending) func terminationSignal(on loop: EventLoop) async {
    do {
        for await _ in try await loop.signals(.interrupt, .terminate) { return }
    } catch {
        // Only in a cancelled task, or on a closed loop: time to end as well.
    }
}
