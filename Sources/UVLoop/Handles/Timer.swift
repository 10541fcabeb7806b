/// Calls a closure after a time, once or again and again.
///
/// A timer fires on its loop's thread, never early, and with the others in the order of their
/// deadlines; equal deadlines fire in the order of starting. On Linux it is as exact as the
/// kernel's own timers; elsewhere it counts in milliseconds. While it waits it needs no reference
/// of yours: it goes on, and keeps the loop running.
///
/// ```swift
/// let timer = Timer(loop) { print("tick") }
/// timer.start(after: .seconds(1), repeating: .seconds(1))
/// ```
///
/// It stands for libuv's `uv_timer_t`, in a structure of its own that starts and stops timers in
/// constant time and counts in nanoseconds instead of milliseconds.
public final class Timer {
    /// The loop that the timer lives on.
    public let loop: EventLoop
    private let node: TimerNode.Pointer

    /// Makes a timer at rest. Stops the program when called off the loop's thread.
    ///
    /// - Parameter body: what to call. If it throws, the loop's exception handler gets the error.
    public init(_ loop: EventLoop, _ body: @escaping () throws -> Void) {
        loop.preconditionOnThread("Timer")
        self.loop = loop
        node = .allocate(capacity: 1)
        node.initialize(to: TimerNode(body))
    }

    /// Makes one that fires when the loop closes, if it waits then.
    convenience init(
        _ loop: EventLoop, firesAtEnd: Bool, _ body: @escaping () throws -> Void
    ) {
        self.init(loop, body)
        node.pointee.firesAtEnd = firesAtEnd
    }

    deinit {
        // A refused post means that the loop is closed, and that took the node out of its lists.
        if loop.core.isOnThread || !loop.core.inbox.post(.orphan(node)) { node.becomeOrphan() }
    }

    /// Starts the timer, anew if it waits already.
    ///
    /// On a closed loop nothing happens but a report to the exception handler.
    ///
    /// Stands for `uv_timer_start`.
    ///
    /// - Parameters:
    ///   - delay: how long from now. Zero and less fire after what is queued already. Clamped to
    ///     292 years.
    ///   - period: nil to fire once, else the time from one deadline to the next. Deadlines do not
    ///     drift; those that have passed when the timer fires are skipped. At least 1 ns.
    public func start(after delay: Duration, repeating period: Duration? = nil) {
        loop.assertOnThread()
        loop.unmanagedCore._withUnsafeGuaranteedRef { core in
            core.stopTimer(node)
            node.pointee.period = Self.nanoseconds(period)
            core.startTimer(node, delay: delay.clampedNanoseconds)
        }
    }

    /// Starts the timer for an instant; for an instant that has passed, like a delay of zero.
    ///
    /// - Parameters:
    ///   - deadline: when to fire.
    ///   - period: nil to fire once, else the time from one deadline to the next.
    public func start(at deadline: EventLoop.Instant, repeating period: Duration? = nil) {
        loop.assertOnThread()
        loop.core.stopTimer(node)
        node.pointee.period = Self.nanoseconds(period)
        loop.core.startTimer(node, deadline: deadline.nanoseconds)
    }

    /// Stops the timer; it does not fire any more, also if it was due. Idempotent; it can be
    /// started again. Stands for `uv_timer_stop`.
    public func stop() {
        loop.assertOnThread()
        loop.unmanagedCore._withUnsafeGuaranteedRef { $0.stopTimer(node) }
    }

    /// Starts the timer anew with its period as the delay; does nothing if it has no period.
    /// For time-outs that each sign of life puts off. Stands for `uv_timer_again`.
    public func again() {
        guard let period = repeatInterval else { return }
        start(after: period, repeating: period)
    }

    /// The time from one deadline to the next, nil for a timer that fires once. What is set here
    /// counts from the next time it fires. Stands for `uv_timer_set_repeat`,
    /// `uv_timer_get_repeat`.
    public var repeatInterval: Duration? {
        get {
            loop.assertOnThread()
            return node.pointee.period == 0 ? nil : .nanoseconds(Int64(node.pointee.period))
        }
        set {
            loop.assertOnThread()
            node.pointee.period = Self.nanoseconds(newValue)
        }
    }

    /// Whether the timer waits for its time.
    public var isActive: Bool {
        loop.assertOnThread()
        return node.pointee.state != .idle
    }

    /// When it will fire; nil if it does not wait.
    public var deadline: EventLoop.Instant? {
        loop.assertOnThread()
        guard node.pointee.state != .idle else { return nil }
        loop.core.resolveTimers()
        return EventLoop.Instant(nanoseconds: node.pointee.deadline)
    }

    /// How long until it fires, zero if it is due; nil if it does not wait. Stands for
    /// `uv_timer_get_due_in`.
    public var dueIn: Duration? {
        deadline.map { max(.zero, EventLoop.Instant.now.duration(to: $0)) }
    }

    /// Whether the timer, while it waits, keeps ``EventLoop/run(_:)-method`` from returning; true
    /// at first.
    public var keepsLoopAlive: Bool {
        get { node.pointee.keepsLoopAlive }
        set { loop.core.setTimer(node, keepsLoopAlive: newValue) }
    }

    private static func nanoseconds(_ period: Duration?) -> UInt64 {
        period.map { max($0.clampedNanoseconds, 1) } ?? 0
    }
}
