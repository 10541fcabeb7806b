import Synchronization
import UVLoop

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// UVLoop has no signal API yet. A signal handler may safely do little more than set a flag; a timer
// of the loop looks at it twenty times a second.

private let isAskedToEnd = Atomic(false)

/// Calls a closure on the loop, once, when SIGINT or SIGTERM asks the process to end.
///
/// - Returns: the timer that looks for the signal. It keeps the loop running; set its
///   `keepsLoopAlive` to false where the loop is to end without a signal, too.
@discardableResult
public func onTerminationSignal(
    _ loop: EventLoop, _ body: @escaping () throws -> Void
) -> Timer {
    for number in [SIGINT, SIGTERM] {
        signal(number) { _ in isAskedToEnd.store(true, ordering: .relaxed) }
    }
    let timer = Timer(loop) {
        if isAskedToEnd.exchange(false, ordering: .relaxed) { try body() }
    }
    timer.start(after: .milliseconds(50), repeating: .milliseconds(50))
    return timer
}

/// Returns when SIGINT or SIGTERM asks the process to end: the async form of
/// ``onTerminationSignal(_:_:)``.
public nonisolated(nonsending) func terminationSignal(on loop: EventLoop) async {
    var timer: Timer?
    await withCheckedContinuation { continuation in
        timer = onTerminationSignal(loop) { continuation.resume() }
    }
    timer?.stop()
}
