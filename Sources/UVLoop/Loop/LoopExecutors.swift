// The two executors of a loop, which share its queue. Two objects, because one in both roles
// forbids switching between actors without a trip through the queue.

/// Runs the jobs of actors that live on the loop.
final class LoopSerialExecutor: SerialExecutor {
    private let core: SharedCore

    init(_ core: SharedCore) {
        self.core = core
    }

    func enqueue(_ job: consuming ExecutorJob) {
        core.enqueue(.serialJob(UnownedJob(job)))
    }

    func isIsolatingCurrentContext() -> Bool? { core.isOnThread }

    func checkIsolated() {
        guard core.isOnThread else {
            fatalError(EventLoop.wrongThreadMessage("Code isolated to an EventLoop"))
        }
    }
}

/// Runs the jobs of tasks that have no isolation and prefer the loop.
final class LoopTaskExecutor: TaskExecutor {
    private let core: SharedCore

    init(_ core: SharedCore) {
        self.core = core
    }

    func enqueue(_ job: consuming ExecutorJob) {
        core.enqueue(.taskJob(UnownedJob(job)))
    }
}

/// The loop's state as the executors, which any thread may call, hold it.
///
/// Sendable without the compiler's check: of the state only `owner` and `inbox` are touched off the
/// loop's thread, and both are made for it.
struct SharedCore: @unchecked Sendable {
    private let core: LoopCore

    init(_ core: LoopCore) {
        self.core = core
    }

    @inline(__always) var isOnThread: Bool { core.isOnThread }

    @inline(__always)
    func enqueue(_ entry: ReadyEntry) {
        if core.isOnThread, !core.isClosed {
            core.enqueue(entry)
        } else if !core.inbox.post(entry) {
            LateJobs.shared.take(entry, for: self)
        }
    }

    var isOver: Bool { core.isOver }

    /// Runs a job of a closed loop; by ``LateJobs`` alone, one at a time.
    func runLate(_ entry: ReadyEntry) { core.runLate(entry) }
}
