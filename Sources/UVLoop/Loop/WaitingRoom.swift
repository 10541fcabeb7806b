import CUV

/// A place on a loop where one task at a time waits: until it is woken, cancelled, or its time is
/// over. Belongs to the loop's thread. Waiting allocates nothing, but for the timer of the first
/// wait with a time limit.
///
/// Sendable without the compiler's check: the handlers of cancelled tasks, which may run anywhere,
/// only pass it on to the loop's thread.
final class WaitingRoom: @unchecked Sendable {
    /// What ended a wait.
    enum Outcome { case woken, cancelled, timedOut }

    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.

    /// The waiting task's; set by ``Parking``.
    @exclusivity(unchecked) private var job: UnownedJob?
    /// Between the decision to wait and the wait: the runtime may take a detour through the queue
    /// there, and what happens meanwhile must not be missed.
    @exclusivity(unchecked) private var isPreparing = false
    @exclusivity(unchecked) private var isWokenEarly = false
    /// Whether the task is isolated to an actor of the loop, as against one that prefers it.
    @exclusivity(unchecked) private var isIsolated = false
    /// Whether the cancellation of the task is watched by somebody else.
    @exclusivity(unchecked) private(set) var isCovered = false
    /// What ended the last wait.
    @exclusivity(unchecked) private(set) var outcome = Outcome.woken
    /// Whether the end of the loop ends a wait with a time limit as if the time were over.
    private let isWokenAtEnd: Bool
    /// Counts the waits, so that a cancellation that comes late finds that it is too late.
    @exclusivity(unchecked) private var number: UInt16 = 0
    /// The same from before the handler is added until it is removed.
    @exclusivity(unchecked) private var place = Place.none

    /// Where to look for the loop, in as many bytes as a reference has.
    private enum Place {
        case none
        case loop(Unmanaged<EventLoop>)
        /// Made for the first wait with a time limit, and kept.
        case timer(Timer)
    }

    /// - Parameter wokenAtEnd: false for a wait that somebody ends by other means when the loop
    ///   closes.
    init(wokenAtEnd: Bool = false) { isWokenAtEnd = wokenAtEnd }

    /// Whether a task waits, or is about to.
    @inline(__always) var isOccupied: Bool { job != nil || isPreparing }

    /// Takes the waiting task's job; called by ``Parking``.
    @inline(__always)
    func park(_ job: UnownedJob) {
        self.job = job
        isPreparing = false
    }

    // MARK: Waiting

    /// Suspends the calling task, which runs on the loop's thread.
    ///
    /// In a frame of its own: the record of the handler is in the task's memory, which is given
    /// back in the reverse order, and no more than the wait may come in between.
    @inline(never)
    nonisolated(nonsending) func wait(
        on loop: EventLoop, until deadline: EventLoop.Instant? = nil
    ) async -> Outcome {
        isIsolated = Self.isPresent(#isolation)
        isCovered = false
        outcome = .woken
        number &+= 1
        isPreparing = true
        isWokenEarly = false
        if let deadline { startTimer(loop, deadline) } else { takePlace(loop) }
        let record = cuv_add_cancellation_handler(Unmanaged.passUnretained(self).toOpaque())
        // The handler may have been called by now, before there is anybody to cancel; what it
        // posted then finds the task waiting.
        if !isWokenEarly {
            loop.core.parking.prepare(self)
            await loop.core.parking.wait()
        }
        swift_task_removeCancellationHandler(record)
        loop.assertOnThread()
        if deadline != nil { timer?.stop() }
        return outcome
    }

    /// Prepares a wait of a task whose cancellation somebody watches already. The next thing that
    /// the task does is to await ``Parking/wait()``; then it asks for the ``outcome``.
    @inline(__always)
    func prepare(isolation: (any Actor)?, on core: LoopCore) {
        isIsolated = isolation != nil
        isCovered = true
        outcome = .woken
        number &+= 1
        core.parking.prepare(self)
    }

    /// Apart, because the comparison in an async function crashes the compiler (6.3.1).
    @inline(never)
    private static func isPresent(_ isolation: (any Actor)?) -> Bool { isolation != nil }

    private var timer: Timer? { if case .timer(let timer) = place { timer } else { nil } }

    private func takePlace(_ loop: EventLoop) {
        if timer == nil { place = .loop(.passUnretained(loop)) }
    }

    private func startTimer(_ loop: EventLoop, _ deadline: EventLoop.Instant) {
        let timer =
            timer ?? Timer(loop, firesAtEnd: isWokenAtEnd) { [unowned self] in timedOut() }
        place = .timer(timer)
        timer.start(at: deadline)
    }

    // MARK: Waking

    /// Lets the task go on before this returns: at the tail of a callback of libuv only, never from
    /// inside user code.
    @inline(__always)
    func wakeNow(_ core: LoopCore) {
        guard let job else { return wakeEarly(.woken) }
        self.job = nil
        if core.isDefault, !isIsolated, !core.isDebug {
            // What most waits come to. The callback around it does what follows every callback.
            job.runSynchronously(on: .generic)
        } else {
            core.run(entry(job, core))
        }
    }

    /// Queues the task; from anywhere on the loop's thread.
    func wake(_ core: LoopCore, _ outcome: Outcome = .woken) {
        guard let job else { return wakeEarly(outcome) }
        self.job = nil
        self.outcome = outcome
        SharedCore(core).enqueue(entry(job, core))
    }

    @inline(__always)
    private func entry(_ job: UnownedJob, _ core: LoopCore) -> ReadyEntry {
        isIsolated ? .serialJob(job) : core.unisolated(job)
    }

    /// The task is on its way to its wait: it need not begin.
    private func wakeEarly(_ outcome: Outcome) {
        guard isPreparing else { return }
        isPreparing = false
        isWokenEarly = true
        self.outcome = outcome
    }

    private func timedOut() {
        guard let timer else { return }
        wake(timer.loop.core, .timedOut)
    }

    /// On whatever thread, during a wait.
    fileprivate func taskIsCancelled() {
        let loop: EventLoop
        switch place {
        case .none: return
        case .loop(let found): loop = found.takeUnretainedValue()
        case .timer(let timer): loop = timer.loop
        }
        let number = number
        // A closed loop has woken everyone already.
        try? loop.execute { loop in self.cancel(ifStill: number, loop.core) }
    }

    private func cancel(ifStill number: UInt16, _ core: LoopCore) {
        if self.number == number { wake(core, .cancelled) }
    }
}

@c @implementation
func uvloop_cancelled(_ room: UnsafeMutableRawPointer?) {
    Unmanaged<WaitingRoom>.fromOpaque(room!).takeUnretainedValue().taskIsCancelled()
}
