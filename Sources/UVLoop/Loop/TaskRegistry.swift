/// The tasks that ``EventLoop/spawn(_:)`` started and that have not ended: cancelled when the loop
/// closes. Belongs to the loop's thread.
final class TaskRegistry {
    private var cancellations: [Int: () -> Void] = [:]
    private var last = 0

    /// A number for a task that is about to start.
    func reserve() -> Int {
        last += 1
        return last
    }

    func add(_ number: Int, _ cancel: @escaping () -> Void) {
        cancellations[number] = cancel
    }

    func remove(_ number: Int) {
        cancellations[number] = nil
    }

    func cancelAll() {
        for cancel in cancellations.values { cancel() }
    }
}
