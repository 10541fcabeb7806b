import CUV

/// Calls a closure when the process gets a signal. Binds `uv_signal_t`.
///
/// ```swift
/// let watch = try SignalWatch(loop, .hangUp) { readConfiguration() }
/// try watch.start()
/// ```
///
/// Several watches of one signal, also on several loops, are all called. While there is one the
/// signal does nothing else; when the last one stops, it does again what it does by default.
///
/// **Coalescing.** The system keeps one signal of each kind until it is delivered: of several that
/// come close together, some may be one. So the closure hears that there was a signal since the
/// last time, not how many.
///
/// **Keeping the loop.** A started watch keeps ``EventLoop/run(_:)-method`` from returning, unless
/// ``Handle/keepsLoopAlive`` is false.
public final class SignalWatch: Handle {
    /// The signal that is watched.
    public let signal: Signal
    private let isOnce: Bool
    private let body: () throws -> Void
    /// Called when the watch is closed, by whomever.
    var whenClosed: (() -> Void)?

    /// Makes one at rest. Stops the program when called off the loop's thread.
    ///
    /// Binds `uv_signal_init`.
    ///
    /// - Parameters:
    ///   - once: whether each ``start()`` is good for one signal only: the next does what it does
    ///     by default, also if it comes before the closure is called.
    ///   - body: what to call. If it throws, the loop's exception handler gets the error.
    /// - Throws: ``UVError/canceled`` on a loop that is closed.
    public init(
        _ loop: EventLoop, _ signal: Signal, once: Bool = false,
        file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
    ) throws(UVError) {
        self.signal = signal
        isOnce = once
        self.body = body
        try super.init(loop, uv_signal_t.self, madeAt: SourcePlace(file: file, line: line)) {
            uv_signal_init($0, $1)
        }
    }

    override var reportName: String { "SignalWatch of \(signal)" }

    /// Begins to watch. Idempotent.
    ///
    /// Binds `uv_signal_start`, `uv_signal_start_oneshot`.
    ///
    /// - Throws: ``UVError/invalidArgument`` for a number that is no signal, and for the signals
    ///   that cannot be watched, ``Signal/kill`` and ``Signal/stop``; ``UVError/canceled`` once the
    ///   watch is closed.
    public func start() throws(UVError) {
        guard isOpen else { throw .canceled }
        let raw = memory(as: uv_signal_t.self)
        let result =
            isOnce
            ? uv_signal_start_oneshot(raw, SignalWatch.received, signal.rawValue)
            : uv_signal_start(raw, SignalWatch.received, signal.rawValue)
        try UVError.check(result)
        holdByLoop()
    }

    /// Ceases to watch. Idempotent. Binds `uv_signal_stop`.
    public func stop() {
        guard isOpen else { return }
        uv_signal_stop(memory(as: uv_signal_t.self))
        releaseByLoop()
    }

    private static let received: uv_signal_cb = { handle, _ in
        // Nothing of one that has been stopped since: at rest there is no object.
        guard let data = handle!.pointee.data else { return }
        let watch = unsafeDowncast(
            Unmanaged<Handle>.fromOpaque(data).takeUnretainedValue(), to: SignalWatch.self)
        watch.fire()
    }

    private func fire() {
        guard isOpen else { return }
        guard isOnce else { return call() }
        // libuv stops it when this returns, so the closure may only start it again after that.
        stop()
        loop.core.enqueue(.closure { self.call() })
    }

    private func call() {
        loop.core.guarded(.signal(signal), madeAt: debugPlace, body)
    }

    override func didClose() {
        whenClosed.take()?()
    }
}

extension EventLoop {
    /// Calls a closure whenever the process gets a signal, or once: a ``SignalWatch`` that is
    /// started already and goes on until it is stopped or closed.
    ///
    /// Binds `uv_signal_start`, `uv_signal_start_oneshot`.
    ///
    /// - Returns: the watch, to stop it; it needs not be kept.
    /// - Throws: as ``SignalWatch/start()``.
    @discardableResult
    public nonisolated func onSignal(
        _ signal: Signal, once: Bool = false,
        file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
    ) throws(UVError) -> SignalWatch {
        let watch = try SignalWatch(self, signal, once: once, file: file, line: line, body)
        try watch.start()
        return watch
    }
}
