/// The tasks that ``EventLoop/spawn(_:)`` started and that have not ended: cancelled when the loop
/// closes. Belongs to the loop's thread.
final class TaskRegistry {
    private var cancellations: [Int: () -> Void] = [:]
    private var last = 0
    private var isCancelled = false

    /// A number for a task that is about to start.
    func reserve() -> Int {
        last += 1
        return last
    }

    func add(_ number: Int, _ cancel: @escaping () -> Void) {
        if isCancelled { cancel() } else { cancellations[number] = cancel }
    }

    func remove(_ number: Int) {
        _ = cancellations.removeValue(forKey: number)
    }

    /// Cancels them, and at once those that come later.
    func cancelAll() {
        isCancelled = true
        for cancel in cancellations.values { cancel() }
    }
}
