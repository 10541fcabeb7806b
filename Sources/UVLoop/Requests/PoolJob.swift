import CUV
import Synchronization

/// Something that was asked of the thread pool.
protocol PoolRequest: AnyObject {
    /// Takes it back, if no thread has begun with it.
    ///
    /// - Returns: whether it was taken back, and has done and will do nothing. Its completion is
    ///   called in any case.
    @discardableResult
    func cancel() -> Bool
}

/// Says to work on another thread that nobody wants its result any more.
class CancellationFlag {
    private let isSet = Atomic(false)

    final func set() { isSet.store(true, ordering: .relaxed) }

    /// - Throws: ``UVError/canceled``.
    final func check() throws(UVError) {
        if isSet.load(ordering: .relaxed) { throw .canceled }
    }
}

/// A piece of work in a ``PoolQueue``: the base of what is known about it whatever comes of it.
///
/// Sendable without the compiler's check: the state is looked at and changed under the lock of the
/// queue; what subclasses add is used by the pool's thread between the states, and before and after
/// that by the loop's.
class PoolJob: CancellationFlag, PoolRequest, @unchecked Sendable {
    private enum State { case waiting, begun, takenBack }

    private let loop: EventLoop
    private var state = State.waiting
    private var isOver = false

    init(_ loop: EventLoop) { self.loop = loop }

    // MARK: For subclasses

    /// Does the work, on a thread of the pool.
    func perform() { fatalError("has to be overridden") }

    /// Tells what has come of it, on the loop's thread, once. What was captured for the work goes
    /// here, whoever else may still have the job.
    func complete(isTakenBack: Bool) { fatalError("has to be overridden") }

    // MARK: On the loop's thread

    /// Begins as soon as a thread is free.
    ///
    /// - Throws: ``UVError/canceled`` on a closed loop.
    final func start() throws(UVError) {
        guard !loop.core.isClosed else { throw .canceled }
        loop.core.poolQueue.add(self, loop)
    }

    final func cancel() -> Bool {
        set()
        guard !isOver, loop.core.poolQueue.takeBack(self) else { return false }
        loop.core.enqueue(.closure { [self] in end() })
        return true
    }

    final func end() {
        isOver = true
        // Without the lock: it has ended or was taken back, and the state stays as it is.
        complete(isTakenBack: state == .takenBack)
    }

    // MARK: Under the queue's lock

    /// For the thread that is to do it. False if it was taken back.
    final func tryToBegin() -> Bool { tryToEnter(.begun) }

    /// False if a thread has begun with it.
    final func tryToTakeBack() -> Bool { tryToEnter(.takenBack) }

    private func tryToEnter(_ next: State) -> Bool {
        guard state == .waiting else { return false }
        state = next
        return true
    }
}
