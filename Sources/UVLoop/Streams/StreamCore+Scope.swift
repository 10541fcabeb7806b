import CUV

// The scope of a task that has the stream, as the handler of a listener: its cancellation is
// watched for all of its waits at once. To register a handler with the runtime for each wait would
// double what the wait costs.
extension StreamCore {
    /// Begins the scope of the calling task. Its child tasks are not in it.
    func beginScope() {
        coveredTask = swift_task_getCurrent()
        isScopeCancelled = false
    }

    func endScope() {
        coveredTask = nil
    }

    /// Whether the calling task need not be watched.
    var isCovered: Bool {
        @inline(__always) get { coveredTask == swift_task_getCurrent() && !isScopeCancelled }
    }

    /// Ends the wait in which it finds the task; for later ones ``isCovered`` is false.
    func cancelScope() {
        isScopeCancelled = true
        if receiver.isCovered { receiver.wake(loop.core, .cancelled) }
    }
}
