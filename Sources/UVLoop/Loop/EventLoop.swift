import CUV

/// An event loop on libuv: one thread that waits for timers, sockets and posts from other threads
/// and runs what they wake.
///
/// It is an actor whose executor is the loop, so a task isolated to it runs on the loop's thread
/// and uses everything there without a hop:
///
/// ```swift
/// try EventLoop.run { loop in
///     let server = try await loop.listen(on: .ip("127.0.0.1", port: 7000)) { Echo() }
///     try await server.waitClosed()
/// }
/// ```
///
/// **Three ways to have one.** ``run(_:)-type.method`` makes a loop, runs one async closure on
/// it on the calling thread, and closes it. ``EventLoopThread`` has a loop on a thread of its own,
/// ``EventLoopGroup`` several. ``init()`` makes one by hand, for ``run(_:)-method`` in callback
/// style or for embedding in another loop.
///
/// **Threads.** A loop belongs to the thread that made it. What lives on it (``Timer``,
/// ``Transport``, ``TCPServer``, …) is made and used there: in its callbacks, in code isolated to
/// the loop, in code isolated to an actor that has the loop as its executor. Making something on
/// another thread stops the program, in release builds too; other uses are checked in debug builds.
/// From elsewhere there are ``execute(_:)`` and ``perform(_:)``.
///
/// **A turn.** The loop waits for I/O, calls back, fires what timers are due, and then runs what
/// was queued by that time, first in, first out. What those callbacks queue runs in the next turn,
/// so nothing starves. A callback that throws goes to ``exceptionHandler``, and the loop lives on.
public actor EventLoop {
    // Sound because the state is only touched on the loop's thread, which everything that leads to
    // it checks; the few parts that other threads use are atomic or locked.
    nonisolated(unsafe) let core: LoopCore
    /// The same, for the hottest paths: without the reference counting that goes with a strong one.
    nonisolated(unsafe) let unmanagedCore: Unmanaged<LoopCore>
    nonisolated let loopSerialExecutor: LoopSerialExecutor
    nonisolated let loopTaskExecutor: LoopTaskExecutor

    /// Makes a loop that belongs to the calling thread, and does not run it.
    ///
    /// Close it with ``close()`` when done; while something on it is open, that keeps it.
    ///
    /// Binds `uv_loop_init`.
    ///
    /// - Throws: what the system refuses, such as ``UVError/tooManyOpenFiles``.
    public init() throws(UVError) {
        core = try LoopCore()
        unmanagedCore = .passUnretained(core)
        let shared = SharedCore(core)
        loopSerialExecutor = LoopSerialExecutor(shared)
        loopTaskExecutor = LoopTaskExecutor(shared)
        core.eventLoop = self
        core.serialExecutor = loopSerialExecutor.asUnownedSerialExecutor()
        core.taskExecutor = loopTaskExecutor.asUnownedTaskExecutor()
        if cuv_has_debug_environment() { isDebug = true }
    }

    deinit {
        core.closeUnused()
    }

    /// The executor of the actor: jobs run on the loop's thread, first in, first out.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        loopSerialExecutor.asUnownedSerialExecutor()
    }

    /// The loop that the calling thread is running, nil if none.
    public static var current: EventLoop? { CurrentLoop.get() }

    /// The time on the loop's clock. Binds `uv_hrtime`.
    public nonisolated var now: Instant { .now }

    // MARK: Reports

    /// Receives errors that callbacks throw and whatever else the loop has to report; nil, as at
    /// first, writes them to standard error.
    public nonisolated var exceptionHandler: ExceptionHandler? {
        get {
            preconditionOnThread("exceptionHandler")
            return core.exceptionHandler
        }
        set {
            preconditionOnThread("exceptionHandler")
            core.exceptionHandler = newValue
        }
    }

    /// Debug mode: callbacks slower than ``slowCallbackThreshold`` are reported, and so are handles
    /// that are open when the loop closes, with where they were made. Set it before making them.
    /// A thread watches for callbacks that do not end, see ``blockedLoopThreshold``.
    ///
    /// On at first if the environment has `UVLOOP_DEBUG=1`.
    public nonisolated var isDebug: Bool {
        get {
            preconditionOnThread("isDebug")
            return core.isDebug
        }
        set {
            preconditionOnThread("isDebug")
            core.setDebug(newValue)
        }
    }

    /// What debug mode calls slow; 100 ms at first.
    public nonisolated var slowCallbackThreshold: Duration {
        get {
            preconditionOnThread("slowCallbackThreshold")
            return .nanoseconds(Int64(core.slowCallbackThreshold))
        }
        set {
            preconditionOnThread("slowCallbackThreshold")
            core.slowCallbackThreshold = newValue.clampedNanoseconds
        }
    }

    /// What debug mode calls blocked, at least 1 ms; 5 s at first.
    ///
    /// A callback, or a job of a task, that has been running for so long is written to standard
    /// error while it runs, by a thread that watches the loop: the ``exceptionHandler`` belongs to
    /// the thread that stands still. When it ends after all, that is a slow callback.
    public nonisolated var blockedLoopThreshold: Duration {
        get {
            preconditionOnThread("blockedLoopThreshold")
            return .nanoseconds(Int64(core.blockedLoopThreshold))
        }
        set {
            preconditionOnThread("blockedLoopThreshold")
            core.blockedLoopThreshold = newValue.clampedNanoseconds
            core.watchdog?.setThreshold(core.blockedLoopThreshold)
        }
    }

    // MARK: The thread

    /// Whether the calling thread is the loop's.
    public nonisolated var isOnThread: Bool { core.isOnThread }

    /// Stops the program unless called on the loop's thread, or after the loop's end.
    @inline(__always)
    nonisolated func preconditionOnThread(_ user: @autoclosure () -> String) {
        // Not a precondition, which has no message in release builds.
        if !core.isOnThreadOrClosed { fatalError(Self.wrongThreadMessage(user())) }
    }

    /// The same, in debug builds only: for calls that are too hot to check.
    @inline(__always)
    nonisolated func assertOnThread(_ user: StaticString = #function) {
        assert(core.isOnThreadOrClosed, Self.wrongThreadMessage("\(user)"))
    }

    static func wrongThreadMessage(_ user: String) -> String {
        """
        UVLoop: \(user) was used off its event loop's thread. \
        Write `await loop.perform { loop in … }`, or `loop.execute { loop in … }` from code that \
        is not async.
        """
    }
}
