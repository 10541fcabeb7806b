import CUV

/// Throws `CancellationError` in a cancelled task. As `Task.checkCancellation`, at a third of the
/// cost.
@inline(__always)
func checkCancellation() throws {
    if let task = swift_task_getCurrent(), swift_task_isCancelled(task) {
        throw CancellationError()
    }
}
