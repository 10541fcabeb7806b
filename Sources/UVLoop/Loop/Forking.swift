import CUV

/// Counts forks, on the side of the child: how a loop finds out that it is a copy.
enum Forks {
    /// How often it has come to that between the beginning of the first process and this one.
    ///
    /// Sound: written in the child of a fork only, before anything else runs there.
    nonisolated(unsafe) static let count: UnsafePointer<UInt32> = {
        pthread_atfork(nil, nil) { Forks.counter.pointee &+= 1 }
        return UnsafePointer(counter)
    }()

    /// Sound: as above.
    nonisolated(unsafe) private static let counter: UnsafeMutablePointer<UInt32> = {
        let counter = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
        counter.initialize(to: 0)
        return counter
    }()
}

extension EventLoop {
    /// Makes the copy of the loop usable that the child of a `fork` has; in the child, on the
    /// thread that has forked, before anything else is done with the loop. Does nothing elsewhere.
    ///
    /// Timers and handles go on in both processes then, each on its own. Descriptors are shared, as
    /// after every fork: of a listening socket both take connections, while a connection is best
    /// closed in one of them.
    ///
    /// Only the thread that forks lives on in the child. So it has to be the loop's, outside of any
    /// run, while no other thread uses the loop; loops of other threads (``EventLoopThread``,
    /// ``EventLoopGroup``) are gone, and so is what waited in the thread pool. Where that can be
    /// chosen, make the loop after the fork instead. Programs that are started by `posix_spawn` or
    /// `Process`, or a child that goes on to `exec`, need none of this.
    ///
    /// Running the loop in a child without this stops the program; closing it is safe.
    ///
    /// Binds `uv_loop_fork`.
    ///
    /// - Throws: ``EventLoopError/closed``, ``EventLoopError/wrongThread``;
    ///   ``EventLoopError/running`` if the fork was made inside a run;
    ///   ``EventLoopError/installed`` for Swift's default loop, because Dispatch does not go on in
    ///   a forked process either; what the system refuses.
    public nonisolated func reinitializeAfterFork() throws {
        try core.reinitializeAfterFork()
    }
}

extension LoopCore {
    @inline(__always) var isForked: Bool { forks.pointee != knownForks }

    func reinitializeAfterFork() throws {
        guard !isClosed else { throw EventLoopError.closed }
        guard isOnThread else { throw EventLoopError.wrongThread }
        guard isForked else { return }
        guard whenWorkWaits == nil else { throw EventLoopError.installed }
        guard !isRunning, !isClosing else { throw EventLoopError.running }
        try renew()
    }

    /// Parts with what the copy shares with the parent's loop.
    private func renew() throws(UVError) {
        try wakeup.renew()
        try clock.renew()
        try UVError.check(uv_loop_fork(uv))
        knownForks = forks.pointee
        // Its threads are not there any more.
        poolQueue = PoolQueue()
        guard isDebug else { return }
        // Its thread is not there to be stopped, and may have held its lock.
        watchdog = nil
        setDebug(true)
    }

    /// Before the loop is closed: what it does with its descriptors would happen to the parent's.
    func renewIfForked() {
        guard isForked else { return }
        do throws(UVError) { try renew() } catch { fatalError("UVLoop: uv_loop_fork: \(error)") }
    }

    /// Stops the program in a child that uses the parent's loop.
    @inline(__always)
    func preconditionNotForked() {
        if isForked { stopInChild() }
    }

    @inline(never)
    private func stopInChild() -> Never {
        fatalError(
            """
            UVLoop: an event loop was run in the child of a fork, where it is a copy that shares \
            its descriptors with the parent's. Make a new loop there, or call \
            reinitializeAfterFork() first; Swift's default loop cannot be taken along
            """)
    }
}
