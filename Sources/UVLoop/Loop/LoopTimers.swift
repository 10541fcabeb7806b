import CUV

// The timers of a loop: between the wheel, which knows order, and the queue, which runs.
extension LoopCore {
    @inline(__always)
    func startTimer(_ node: TimerNode.Pointer, delay: UInt64) {
        guard beginTimer(node) else { return }
        timers.start(node, delay: delay)
    }

    func startTimer(_ node: TimerNode.Pointer, deadline: UInt64) {
        guard beginTimer(node) else { return }
        timers.start(node, deadline: deadline)
        if timers.hasOverdue, !isDrainAssured { startIdle() }
    }

    @inline(__always)
    func beginTimer(_ node: TimerNode.Pointer) -> Bool {
        if isClosed || !acceptsHandles {
            report(
                ExceptionContext(
                    "a timer was started", error: EventLoopError.closed, source: .timer))
            return false
        }
        if node.pointee.keepsLoopAlive { changeKeepingAlive(1) }
        if !isRunning, let whenWorkWaits { whenWorkWaits() }
        return true
    }

    @inline(__always)
    func stopTimer(_ node: TimerNode.Pointer) {
        switch node.pointee.state {
        case .idle: return
        case .queued: _ = ready.cancel(node.pointee.order)
        case .unresolved, .scheduled, .overdue: node.unlink()
        }
        node.pointee.state = .idle
        if node.pointee.keepsLoopAlive { changeKeepingAlive(-1) }
    }

    func setTimer(_ node: TimerNode.Pointer, keepsLoopAlive keeps: Bool) {
        guard node.pointee.keepsLoopAlive != keeps else { return }
        node.pointee.keepsLoopAlive = keeps
        if node.pointee.state != .idle { changeKeepingAlive(keeps ? 1 : -1) }
    }

    /// Only the first of them is told to libuv at once. That there is none any more is told once a
    /// turn, so that starting and stopping a timer stays cheap.
    @inline(__always)
    func changeKeepingAlive(_ difference: Int) {
        if timersKeepingAlive == 0 { uv_ref(clock.handle) }
        timersKeepingAlive += difference
    }

    /// Adds the delays of timers started in the callback that just returned to the clock.
    @inline(__always)
    func resolveTimers() {
        if timers.hasUnresolved { resolveStartedTimers() }
    }

    @inline(never)
    private func resolveStartedTimers() {
        timers.resolve(now: uv_hrtime())
    }

    func queueDueTimers() {
        timers.takeDue(now: uv_hrtime(), into: &dueTimers)
        for node in dueTimers { queueTimer(node) }
        dueTimers.removeAll(keepingCapacity: dueTimers.count <= 4_096)
    }

    private func queueTimer(_ node: TimerNode.Pointer) {
        node.pointee.state = .queued
        node.pointee.order = ready.append(.timer(node))
    }

    func fireTimer(_ node: TimerNode.Pointer) {
        node.pointee.state = .idle
        node.pointee.isFiring = true
        let period = node.pointee.period
        if period > 0, !isClosing {
            let now = uv_hrtime()
            var next = node.pointee.deadline.saturatingDeadline(period)
            if next <= now { next += (now - next) / period * period + period }
            timers.start(node, deadline: next)
        } else if node.pointee.keepsLoopAlive {
            changeKeepingAlive(-1)
        }
        guarded(.timer, node.pointee.body)
        node.pointee.isFiring = false
        if node.pointee.isOrphan, node.pointee.state == .idle { node.free() }
    }

    /// Stops them; those that fire when the loop closes, which nobody starts after that has begun,
    /// are queued instead.
    func stopAllTimers() {
        var orphans: [TimerNode.Pointer] = []
        for node in timers.removeAll() {
            if node.pointee.firesAtEnd {
                queueTimer(node)
            } else {
                node.pointee.state = .idle
                if node.pointee.keepsLoopAlive { timersKeepingAlive -= 1 }
                if node.pointee.isOrphan { orphans.append(node) }
            }
        }
        // Letting go of a closure may run user code, which may let go of other timers' objects and
        // with them their nodes; but nobody else frees an orphan.
        for node in orphans { node.free() }
    }

    /// Ends a timer that is in no list and in no queue any more, without the loop.
    static func endTimer(_ node: TimerNode.Pointer) {
        node.pointee.state = .idle
        if node.pointee.firesAtEnd { try? node.pointee.body() }
        if node.pointee.isOrphan { node.free() }
    }

    /// How long until the next timer; nil if none waits.
    var untilNextTimer: UInt64? {
        resolveTimers()
        guard !timers.hasOverdue else { return 0 }
        guard let look = timers.nextLook(afresh: true) else { return nil }
        let now = uv_hrtime()
        return look > now ? look - now : 0
    }
}
