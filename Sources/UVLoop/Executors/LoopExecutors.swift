import CUV

// The two executors of a loop, which share its queue. Two objects, because one in both roles
// forbids switching between actors without a trip through the queue.

/// Runs the jobs of actors that live on the loop.
final class LoopSerialExecutor: SerialExecutor {
    let core: SharedCore

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
    let core: SharedCore

    init(_ core: SharedCore) {
        self.core = core
    }

    func enqueue(_ job: consuming ExecutorJob) {
        core.enqueue(.taskJob(UnownedJob(job)))
    }
}

extension EventLoop {
    /// Runs jobs of actors on the loop's thread, first in, first out: for an actor of yours that is
    /// to live there, and then uses what lives on the loop directly.
    ///
    /// ```swift
    /// actor Sessions {
    ///     private let loop: EventLoop
    ///     init(on loop: EventLoop) { self.loop = loop }
    ///     nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
    /// }
    /// ```
    ///
    /// ``unownedExecutor`` is the same without a reference, as an actor hands it to the runtime.
    /// That keeps nothing alive, so the actor has to hold the loop, or this executor.
    ///
    /// A job that comes after the loop was closed cannot be refused: it runs on the default
    /// executor, one at a time with all others of closed loops, and finds that the loop says
    /// ``EventLoopError/closed``.
    public nonisolated var serialExecutor: any SerialExecutor { loopSerialExecutor }

    /// Runs tasks on the loop's thread whose functions have no isolation: for
    /// `Task(executorPreference:)`, `withTaskExecutorPreference` and
    /// `addTask(executorPreference:)`, from any thread.
    ///
    /// ```swift
    /// let task = Task(executorPreference: loop.taskExecutor) { try await work() }
    /// ```
    ///
    /// Child tasks inherit the preference; what is isolated to an actor runs where that actor does.
    /// The task holds the executor, and with it what it needs to go on, but not the loop open: what
    /// is left of the task when the loop is closed runs as for ``serialExecutor``.
    ///
    /// The gain is that a task which waits for something of the loop goes on there without changing
    /// threads. The cost is some look-ups in each suspension. On Swift's default loop,
    /// ``InstallMode/single``, tasks run there anyway, and a preference is nothing but that cost.
    public nonisolated var taskExecutor: any TaskExecutor { loopTaskExecutor }

    /// What tasks of the loop prefer: so that their functions without isolation run on its thread,
    /// too. Nothing on Swift's default loop, where they do anyway: a preference costs look-ups (and
    /// one for nil as well).
    nonisolated var preferredExecutor: LoopTaskExecutor? {
        core.isDefault ? nil : loopTaskExecutor
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

    /// Queues a job when so many nanoseconds have passed; early on a loop that closes meanwhile.
    func schedule(_ entry: ReadyEntry, after delay: UInt64) {
        let node = core.sleeper(entry, until: uv_hrtime().saturatingDeadline(delay))
        if core.isOnThread, !core.isClosed {
            core.startSleeper(node)
        } else if !core.inbox.post(.sleeper(node)) {
            LoopCore.endTimer(node)
        }
    }

    var isOver: Bool { core.isOver }

    /// Runs a job of a closed loop; by ``LateJobs`` alone, one at a time.
    func runLate(_ entry: ReadyEntry) { core.runLate(entry) }
}

// Sound: a frozen struct, of two words by Swift's ABI: the executor, and how it is called.
extension UnownedSerialExecutor {
    /// None at all: what a task without isolation runs on, as the runtime spells it.
    static var generic: UnownedSerialExecutor {
        @inline(__always)
        get { unsafeBitCast((0, 0) as (UInt, UInt), to: UnownedSerialExecutor.self) }
    }

    /// Which executor it is.
    var identity: UInt { unsafeBitCast(self, to: (UInt, UInt).self).0 }
}
