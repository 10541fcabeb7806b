import CUV
@_spi(ExperimentalScheduling) @_spi(ExperimentalCustomExecutors) import _Concurrency

// `Task.sleep`, by the loop's timers. The runtime asks the executor that the task is on, the one
// that it prefers, or the default one, whichever first can.

/// An executor of a loop: its jobs go into the loop's queue, in an entry that says how they run.
protocol LoopExecutor: SchedulingExecutor {
    var core: SharedCore { get }
    func entry(_ job: UnownedJob) -> ReadyEntry
}

extension LoopExecutor {
    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
    ) {
        core.schedule(entry(UnownedJob(job)), after: delay, clock)
    }

    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
    ) {
        core.schedule(entry(UnownedJob(job)), after: clock.now.duration(to: instant), clock)
    }
}

@_spi(ExperimentalScheduling) extension LoopSerialExecutor: LoopExecutor {
    func entry(_ job: UnownedJob) -> ReadyEntry { .serialJob(job) }
}

@_spi(ExperimentalScheduling) extension LoopTaskExecutor: LoopExecutor {
    func entry(_ job: UnownedJob) -> ReadyEntry { .taskJob(job) }
}

@_spi(ExperimentalScheduling) extension LoopDefaultExecutor: LoopExecutor {
    func entry(_ job: UnownedJob) -> ReadyEntry { .defaultJob(job) }
}

extension SharedCore {
    /// Queues a job when a time has passed. On a loop that closes meanwhile it runs early.
    ///
    /// Every clock of Swift's own counts in `Duration`; of one that counts in something else nobody
    /// knows how long its units are, and a job of it runs at once.
    fileprivate func schedule<C: Clock>(_ entry: ReadyEntry, after delay: C.Duration, _ clock: C) {
        schedule(entry, after: (delay as? Duration ?? .zero).clampedNanoseconds)
    }
}

extension LoopCore {
    /// A timer, still at rest, that queues a job at its deadline; when the loop ends, early.
    func sleeper(_ entry: ReadyEntry, until deadline: UInt64) -> TimerNode.Pointer {
        let node = TimerNode.Pointer.allocate(capacity: 1)
        // The core outlives its timers.
        node.initialize(
            to: TimerNode { [unowned(unsafe) self] in SharedCore(self).enqueue(entry) })
        node.pointee.deadline = deadline
        node.pointee.firesAtEnd = true
        node.pointee.isOrphan = true
        return node
    }

    func startSleeper(_ node: TimerNode.Pointer) {
        guard acceptsHandles, !isClosed else { return Self.endTimer(node) }
        startTimer(node, deadline: node.pointee.deadline)
    }
}
