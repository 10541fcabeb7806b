import Glibc
import Synchronization
import UVLoop

private let isAskedToEnd = Atomic(false)

/// Calls a closure on the loop when the process is asked to end, by SIGINT or SIGTERM.
///
/// The loop looks at a flag now and then: a second thread to wait for signals would make glibc's
/// system calls dearer in the one that is measured.
func onTerminationSignal(_ loop: EventLoop, _ body: @escaping () -> Void) {
    for number in [SIGINT, SIGTERM] {
        signal(number) { _ in isAskedToEnd.store(true, ordering: .relaxed) }
    }
    let timer = Timer(loop) {
        if isAskedToEnd.exchange(false, ordering: .relaxed) { body() }
    }
    timer.start(after: .milliseconds(50), repeating: .milliseconds(50))
}
