import CUV

/// Where tasks of a loop wait for libuv: an executor that keeps the job it is given until the loop
/// runs it.
///
/// A task that waits hops to this actor, and the hop's job *is* the wait: nothing is queued, and
/// when the loop has what the task waits for, it runs the job as one of its own. A continuation
/// would go through the task's preferred executor and the loop's queue, at twice the cost.
///
/// To the runtime a waiting task is one whose executor has not got round to it. So everything that
/// holds for enqueued tasks holds: cancellation only sets a flag, and the loop has to be told by a
/// handler (see ``WaitingRoom``); priorities do not matter to a queue in order of arrival; task
/// locals travel with the task. When the job runs, the loop names its own executors as those that
/// run it, so the task goes on without another hop if it came from there, and takes one if not.
@usableFromInline
actor Parking: SerialExecutor {
    // Sound: set and used on the loop's thread only, without a suspension between the two.
    @exclusivity(unchecked) nonisolated(unsafe) private var space: Unmanaged<WaitingRoom>?
    // Sound: set once, by the core that owns this, before anybody else knows it; and a task that
    // waits here keeps the loop.
    nonisolated(unsafe) var core: Unmanaged<LoopCore>!

    @usableFromInline
    nonisolated var unownedExecutor: UnownedSerialExecutor { asUnownedSerialExecutor() }

    @usableFromInline
    nonisolated func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    @usableFromInline
    nonisolated func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard let space else { return enqueueElsewhere(job) }
        self.space = nil
        space._withUnsafeGuaranteedRef { $0.park(job) }
    }

    @inline(never)
    private nonisolated func enqueueElsewhere(_ job: UnownedJob) {
        withCore { SharedCore($0).enqueue($0.unisolated(job)) }
    }

    /// Lends the loop's state: for the hot paths.
    @inline(__always)
    nonisolated func withCore<R>(_ body: (LoopCore) throws -> R) rethrows -> R {
        try core.unsafelyUnwrapped._withUnsafeGuaranteedRef(body)
    }

    /// Names the place that the calling task will wait in: the next thing it does is to await
    /// ``wait()``.
    @inline(__always)
    nonisolated func prepare(_ room: WaitingRoom) {
        assert(withCore { $0.isOnThread } && space == nil)
        space = .passUnretained(room)
    }

    /// Suspends the calling task until the loop runs its job.
    @usableFromInline
    @inline(never)
    final func wait() {}
}
