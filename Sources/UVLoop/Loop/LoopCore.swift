import CUV

/// The state behind an ``EventLoop``. Everything but `inbox` and `owner` belongs to the loop's
/// thread.
///
/// A turn, as `uv_run` makes it: *prepare* runs what is left in the ready queue, flushes the
/// transports and says whether the loop may sleep; libuv polls and calls back; *check* takes what
/// other threads posted and the timers that are due, and runs what is queued by then. What is
/// queued later waits until after the next poll, so that timers and sockets never starve; only the
/// jobs of tasks may follow one another without a poll, up to a bound.
///
/// The mutable properties go without Swift's run-time check for overlapping access, which would be
/// half of an echo's instructions: every access is on one thread, none of them spans a call of user
/// code, and the methods of the values in here call nothing that leads back to this object.
final class LoopCore {
    /// How many entries run before libuv polls again.
    static let batch = 256

    let uv: UnsafeMutablePointer<uv_loop_t>
    let inbox: Inbox
    let wakeup: Wakeup
    @exclusivity(unchecked) var clock: LoopClock
    /// The C handles that make `uv_run` call the turn's parts.
    let prepare: UnsafeMutablePointer<uv_prepare_t>
    let check: UnsafeMutablePointer<uv_check_t>
    let idle: UnsafeMutablePointer<uv_idle_t>

    /// The thread that the loop belongs to, and the one that is running a job which came after the
    /// loop's end, see ``LateJobs``. Read by any thread, to find out whether it is the one.
    let owner: UnsafeMutablePointer<cuv_owner_t>
    /// How often the process has been forked, and how often when the loop was made.
    let forks = Forks.count
    @exclusivity(unchecked) var knownForks = Forks.count.pointee
    /// Set once, by the loop that owns this; jobs that come late check `isClosed` first.
    @exclusivity(unchecked) unowned(unsafe) var eventLoop: EventLoop!
    @exclusivity(unchecked) var serialExecutor: UnownedSerialExecutor!
    @exclusivity(unchecked) var taskExecutor: UnownedTaskExecutor!
    /// Called when work comes while nobody runs the loop; nil unless it is the installed one.
    @exclusivity(unchecked) var whenWorkWaits: (() -> Void)?
    /// What is turned along with the loop; nil unless it is the installed one.
    @exclusivity(unchecked) var companion: CompanionTurns?
    /// Whether the loop is Swift's default one. Then nothing has to prefer it.
    @exclusivity(unchecked) var isDefault = false

    // The queue.
    @exclusivity(unchecked) var ready = ReadyQueue()
    @exclusivity(unchecked) var posted = ReadyBatch()
    /// Entries from this number on wait for the next turn, unless they are jobs.
    @exclusivity(unchecked) var turnEnd: UInt = 0
    /// Moves on with every turn and every read. For budgets: what is done while it stands still
    /// keeps the loop from going on.
    @exclusivity(unchecked) var epoch: UInt = 1
    /// Whether the loop will look at the queue before it may sleep or end, and takes calls: then
    /// there is nothing to do after queueing one.
    @exclusivity(unchecked) var isDrainAssured = false
    @exclusivity(unchecked) var isIdleStarted = false

    // The timers.
    @exclusivity(unchecked) var timers: TimerWheel
    @exclusivity(unchecked) var dueTimers: ContiguousArray<TimerNode.Pointer> = []
    @exclusivity(unchecked) var timersKeepingAlive = 0
    @exclusivity(unchecked) var clockFired = false

    // Running and closing.
    @exclusivity(unchecked) var isRunning = false
    @exclusivity(unchecked) var isStopping = false
    /// True from the beginning of its closing on.
    @exclusivity(unchecked) var isClosing = false
    @exclusivity(unchecked) var isClosed = false
    /// False for the last turns of a loop that closes, and after them.
    @exclusivity(unchecked) var takesCalls = true
    /// False once everything has been closed: no new handle from then on.
    @exclusivity(unchecked) var acceptsHandles = true
    @exclusivity(unchecked) var keepAliveCount = 0

    // For transports.
    @exclusivity(unchecked) var unflushed: ContiguousArray<Unmanaged<Transport>> = []
    /// Those that are being flushed; empty otherwise.
    @exclusivity(unchecked) var flushing: ContiguousArray<Unmanaged<Transport>> = []
    /// Objects that left their place inside a callback of their own: released between callbacks.
    @exclusivity(unchecked) var releasedLater: [AnyObject] = []
    /// What every read on this loop may use for as long as its callback runs.
    @exclusivity(unchecked) var readBuffers = ReadBuffers()
    /// The same for datagrams, of which one system call takes several; made for the first socket.
    @exclusivity(unchecked) var datagramBuffer: UnsafeMutableRawBufferPointer?
    /// For all that is tried with descriptors of the user's.
    @exclusivity(unchecked) var rawBudget = CallBudget()
    /// What nobody else may watch.
    @exclusivity(unchecked) var ownedDescriptors = OwnedDescriptors()

    /// How streams that were not accepted are called.
    let streamEntry = StreamEntry()

    /// What names stand for; nil unless somebody wants that to be remembered.
    @exclusivity(unchecked) var nameCache: NameCache?
    /// Work on files.
    @exclusivity(unchecked) var poolQueue = PoolQueue()
    /// What the thread pool has been asked and somebody waits for.
    @exclusivity(unchecked) var pendingRequests: [ObjectIdentifier: any PendingRequest] = [:]

    // Reports.
    @exclusivity(unchecked) var exceptionHandler: ExceptionHandler?
    @exclusivity(unchecked) var isDebug = false
    @exclusivity(unchecked) var slowCallbackThreshold: UInt64 = 100_000_000
    @exclusivity(unchecked) var blockedLoopThreshold: UInt64 = 5_000_000_000
    /// Watches the loop; in debug mode only.
    @exclusivity(unchecked) var watchdog: Watchdog?
    /// Where open handles were made; kept in debug mode only.
    @exclusivity(unchecked) var debugPlaces: [UnsafeMutablePointer<uv_handle_t>: SourcePlace]?
    /// Counts turns once somebody wants to know them.
    @exclusivity(unchecked) var turnCounter: UnsafeMutablePointer<cuv_turn_counter_t>?
    let tasks = TaskRegistry()
    /// Where tasks wait for what the loop brings them.
    let parking = Parking()

    init() throws(UVError) {
        ignoreBrokenPipeSignal()
        cuv_fill_standard()
        uv = .allocate(capacity: 1)
        prepare = .allocate(capacity: 1)
        check = .allocate(capacity: 1)
        idle = .allocate(capacity: 1)
        timers = TimerWheel(now: uv_hrtime())
        owner = .allocate(capacity: 1)
        owner.initialize(to: cuv_owner_t(thread: cuv_thread_token(), late: 0))
        var openedLoop = false
        uv.pointee.backend_fd = -1
        do throws(UVError) {
            try UVError.check(uv_loop_init(uv))
            openedLoop = true
            wakeup = try Wakeup(uv)
            inbox = Inbox(wakeup: wakeup)
            do throws(UVError) {
                clock = try LoopClock(uv)
            } catch {
                wakeup.close()
                throw error
            }
        } catch {
            if openedLoop {
                uv_run(uv, UV_RUN_DEFAULT)
                uv_loop_close(uv)
            } else if uv_version() >> 8 == 0x01_2C, uv.pointee.backend_fd >= 0 {
                // libuv 1.44 forgets it when a later step of uv_loop_init fails.
                cuv_close(uv.pointee.backend_fd)
            }
            readBuffers.deallocate()
            uv.deallocate()
            prepare.deallocate()
            check.deallocate()
            idle.deallocate()
            owner.deallocate()
            throw error
        }
        parking.core = .passUnretained(self)
        uv_prepare_init(uv, prepare)
        uv_check_init(uv, check)
        uv_idle_init(uv, idle)
        startTurning()
    }

    func startTurning() {
        let data = Unmanaged.passUnretained(self).toOpaque()
        prepare.pointee.data = data
        check.pointee.data = data
        uv_prepare_start(prepare) { handle in
            Unmanaged<LoopCore>.fromOpaque(handle!.pointee.data)._withUnsafeGuaranteedRef {
                $0.beforePoll()
            }
        }
        uv_check_start(check) { handle in
            Unmanaged<LoopCore>.fromOpaque(handle!.pointee.data)._withUnsafeGuaranteedRef {
                $0.afterPoll()
            }
        }
        uv_unref(uvHandle(prepare))
        uv_unref(uvHandle(check))
        clock.start(self)
    }

    deinit { owner.deallocate() }

    @inline(__always) var isOnThread: Bool { cuv_owner_is_caller(owner) }

    /// The same, but true on every thread once the loop is closed: nothing can be harmed then, and
    /// what is left of its objects may be let go anywhere.
    @inline(__always) var isOnThreadOrClosed: Bool { cuv_owner_is_caller_or_none(owner) }

    // MARK: A turn

    func beforePoll() {
        isDrainAssured = takesCalls
        if !releasedLater.isEmpty { releaseObjects() }
        drain()
        // User code may have forked until here; from here on a copy would do the parent's work.
        preconditionNotForked()
        flushTransports()
        resolveTimers()
        clock.arm(timers.nextLook(), fired: clockFired)
        clockFired = false
        if timersKeepingAlive == 0 { uv_unref(clock.handle) }
        if ready.isEmpty, unflushed.isEmpty, releasedLater.isEmpty, !timers.hasOverdue,
            inbox.prepareToSleep()
        {
            stopIdle()
        } else {
            startIdle()
        }
    }

    func afterPoll() {
        epoch &+= 1
        inbox.wokeUp()
        takePosted()
        // A stopped run ends with the batch that it was in: what came since is for the next run.
        if !isStopping {
            if clockFired || timers.hasOverdue { queueDueTimers() }
            turnEnd = ready.tail
            drain()
            ready.shrinkIfIdle()
        }
        isDrainAssured = false
        if !ready.isEmpty || timers.hasOverdue || !unflushed.isEmpty { startIdle() }
    }

    /// Runs what may run now. Also called at the tail of an I/O callback, so that a task which the
    /// callback woke goes on at once, while its bytes are still in the cache.
    @inline(__always)
    func drainIfNeeded() {
        if !ready.isEmpty { drain() }
    }

    @inline(never)
    func drain() {
        var budget = Self.batch
        while budget > 0, let entry = ready.takeFirst(before: turnEnd) {
            budget -= 1
            // The cheapest kind is not worth a call to find out what it is.
            if case .function(let function, let context) = entry, !isDebug {
                function(context)
            } else {
                run(entry)
            }
        }
    }

    func run(_ entry: ReadyEntry) {
        switch entry {
        case .serialJob(let job):
            if isDefault {
                // Its tasks prefer nothing; the runtime compares that when they change actors.
                runJob { job.runSynchronously(on: serialExecutor) }
            } else {
                runJob {
                    job.runSynchronously(isolatedTo: serialExecutor, taskExecutor: taskExecutor)
                }
            }
        case .defaultJob(let job):
            runJob { job.runSynchronously(on: .generic) }
        case .taskJob(let job):
            runJob { job.runSynchronously(on: taskExecutor) }
        case .function(let function, let context):
            guarded(.callSoon) { function(context) }
        case .closure(let body):
            guarded(.callSoon, body)
        case .posted(let call):
            guarded(.execute) { try call.body(eventLoop) }
        case .timer(let node):
            fireTimer(node)
        case .sleeper(let node):
            startSleeper(node)
        case .orphan(let node):
            node.becomeOrphan()
        case .cancelled:
            break
        }
    }

    /// The entry for a job of a task of the loop that has no isolation.
    @inline(__always)
    func unisolated(_ job: UnownedJob) -> ReadyEntry {
        isDefault ? .defaultJob(job) : .taskJob(job)
    }

    @inline(__always)
    func runJob(_ job: () -> Void) {
        guarded(.task, job)
    }

    /// - Parameter waits: whether a post that is just under way is waited for. In a turn it is not:
    ///   the next one finds it.
    func takePosted(waits: Bool = false) {
        guard !inbox.isEmpty else { return }
        inbox.take(into: &posted, waits: waits)
        posted.moveAll(to: &ready)
    }

    // MARK: Queueing

    /// Queues an entry, on the loop's thread.
    @discardableResult
    @inline(__always)
    func enqueue(_ entry: consuming ReadyEntry) -> UInt {
        let number = ready.place(entry)
        // One way out of line for all that is rare: this is to be as short as can be.
        if ready.isFull || !isDrainAssured { assureDrain() }
        return number
    }

    /// Queues a call of the user's; on a closed loop there is a report instead.
    @inline(__always)
    func enqueueCall(_ entry: consuming ReadyEntry) -> UInt {
        let number = ready.place(entry)
        if ready.isFull || !isDrainAssured { checkLastCall() }
        return number
    }

    @inline(never)
    private func assureDrain() {
        if ready.isFull { ready.grow() }
        if !isDrainAssured { startIdle() }
    }

    @inline(never)
    private func checkLastCall() {
        if takesCalls { return assureDrain() }
        ready.removeLast()
        report(ExceptionContext("a call was queued", error: EventLoopError.closed, source: .loop))
    }

    /// Keeps the loop from blocking and from ending, because there is work left.
    func startIdle() {
        guard !isIdleStarted, !isClosed else { return }
        isDrainAssured = takesCalls
        isIdleStarted = true
        uv_idle_start(idle) { _ in }
        if !isRunning, let whenWorkWaits { whenWorkWaits() }
    }

    func stopIdle() {
        guard isIdleStarted else { return }
        isIdleStarted = false
        uv_idle_stop(idle)
    }

    /// Releases an object between callbacks.
    func releaseLater(_ object: AnyObject) {
        releasedLater.append(object)
    }

    /// Flushes a transport's queue at the end of the turn.
    func scheduleFlush(_ transport: Transport) {
        unflushed.append(.passRetained(transport))
        if !isDrainAssured { startIdle() }
    }

    func flushTransports() {
        guard !unflushed.isEmpty else { return }
        // Taken out first: with the last reference to a transport its protocol may go, whose
        // `deinit` is the user's code and may write elsewhere.
        swap(&unflushed, &flushing)
        for transport in flushing { transport._withUnsafeGuaranteedRef { $0.flush() } }
        for transport in flushing { transport.release() }
        flushing.removeAll(keepingCapacity: flushing.count <= 4_096)
    }

    /// Releases what ``releaseLater(_:)`` has kept. Taken out first: what is released may be the
    /// user's, and its `deinit` may call that again. The optimizer may let go of a local before
    /// the store that was to come first, unless it is used after that.
    func releaseObjects() {
        let released = releasedLater
        releasedLater = []
        withExtendedLifetime(released) {}
    }
}

/// Writing to a socket whose peer has gone raises SIGPIPE, which ends the process by default, and
/// libuv leaves that to its user. Ignored once, unless the app has a handler of its own.
private func ignoreBrokenPipeSignal() {
    struct Once { static let done: Void = cuv_ignore_sigpipe() }
    Once.done
}
