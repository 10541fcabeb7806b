import CUV

/// Throws `CancellationError` in a cancelled task. As `Task.checkCancellation`, at a third of the
/// cost.
@inline(__always)
func checkCancellation() throws {
    if let task = swift_task_getCurrent(), swift_task_isCancelled(task) {
        throw CancellationError()
    }
}

/// Watches the cancellation of one task for all the waits of a scope: to register a handler with
/// the runtime for each wait would double what the wait costs. Belongs to the loop's thread.
///
/// Sendable without the compiler's check: the handler, which may run anywhere, only passes it on to
/// the loop's thread.
final class TaskCover: @unchecked Sendable {
    private let task: UnsafeMutableRawPointer?
    /// Where the task has waited last. It lives at least as long as the scope.
    @exclusivity(unchecked) unowned(unsafe) var room: WaitingRoom?
    /// Whether the scope has been cancelled.
    @exclusivity(unchecked) private(set) var isCancelled = false
    /// For whoever keeps many: where it has this one.
    @exclusivity(unchecked) var index = 0

    /// Covers the calling task.
    init() {
        task = swift_task_getCurrent()
    }

    /// Whether this covers the calling task; its child tasks are others.
    @inline(__always) var isOfCurrentTask: Bool { task == swift_task_getCurrent() }

    /// Ends the wait in which it finds the task, and those that follow.
    func cancel(_ core: LoopCore) {
        isCancelled = true
        room?.wake(core, .cancelled)
    }
}
