import CUV

// Running a loop, by itself or from another one.
extension LoopCore {
    /// Runs the loop as `uv_run` does, on its thread. Returns whether there is work left.
    func run(_ mode: EventLoop.RunMode) throws(EventLoopError) -> Bool {
        guard !isClosed else { throw .closed }
        guard isOnThread else { throw .wrongThread }
        guard !isRunning, !isClosing, mode == .nonBlocking || CurrentLoop.get() == nil else {
            throw .running
        }
        preconditionNotForked()
        let outer = CurrentLoop.swap(eventLoop)
        isRunning = true
        beginMeasuredRun()
        defer {
            endMeasuredRun()
            isRunning = false
            isStopping = false
            _ = CurrentLoop.swap(outer)
        }
        resolveTimers()
        takePosted(waits: true)
        turnEnd = ready.tail
        if !ready.isEmpty { startIdle() }
        // Stopped before it began: one pass that does not block, as when stopped in its midst.
        let mode = isStopping ? .nonBlocking : mode
        if mode == .nonBlocking { wakeup.keepsLoopAlive(true) }
        if let companion, mode != .nonBlocking {
            companion.run {
                uv_run(uv, mode.uvMode)
                return mode == .oneTurn || isStopping
            }
        } else {
            uv_run(uv, mode.uvMode)
        }
        if mode == .nonBlocking { wakeup.keepsLoopAlive(keepAliveCount > 0) }
        if timersKeepingAlive == 0 { uv_unref(clock.handle) }
        return uv_loop_alive(uv) != 0
    }

    func stop() {
        guard !isClosing else { return }
        isStopping = true
        if isRunning { uv_stop(uv) }
    }

    /// While positive, posts alone keep the loop running.
    func keepAlive(_ difference: Int) {
        keepAliveCount += difference
        wakeup.keepsLoopAlive(keepAliveCount > 0)
    }

    /// For a loop that another one drives: how long it may wait before it must call a turn.
    var untilNextTurn: UInt64? {
        // Whoever posts from now on has to wake the loop that drives this one.
        guard ready.isEmpty, unflushed.isEmpty, inbox.prepareToSleep() else { return 0 }
        // Referenced, or libuv answers 0 because nothing is alive.
        wakeup.keepsLoopAlive(true)
        let milliseconds = uv_backend_timeout(uv)
        wakeup.keepsLoopAlive(keepAliveCount > 0)
        let nanoseconds = milliseconds < 0 ? nil : UInt64(milliseconds) * 1_000_000
        return [nanoseconds, untilNextTimer].compactMap { $0 }.min()
    }
}
