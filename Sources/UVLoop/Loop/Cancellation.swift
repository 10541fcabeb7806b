import CUV

/// Throws `CancellationError` in a cancelled task. As `Task.checkCancellation`, at a third of the
/// cost.
@inline(__always)
func checkCancellation() throws { _ = try uncancelledTask() }

/// The same, and tells which task it is.
@inline(__always)
func uncancelledTask() throws -> UnsafeMutableRawPointer? {
    let task = swift_task_getCurrent()
    if let task, swift_task_isCancelled(task) { throw CancellationError() }
    return task
}
