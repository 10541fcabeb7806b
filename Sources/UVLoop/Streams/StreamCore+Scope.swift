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

    /// Whether the task, which is the calling one, need not be watched.
    @inline(__always)
    func covers(_ task: UnsafeMutableRawPointer?) -> Bool {
        coveredTask == task && !isScopeCancelled
    }

    /// Ends the wait in which it finds the task; later ones are not covered.
    func cancelScope() {
        isScopeCancelled = true
        if receiver.isCovered { receiver.wake(loop.core, .cancelled) }
    }
}
