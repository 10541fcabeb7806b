import CUV

/// Calls a closure when the size of the process's terminal may have changed: at each `SIGWINCH`,
/// which terminals send to the processes in their foreground. Ask
/// ``Transport/terminalSize`` then.
///
/// Binds `uv_signal_t`.
public final class TerminalSizeWatch: Handle {
    /// Hears of each change; or ``UVError/canceled`` once, when the loop closes.
    public typealias Handler = (Result<Void, UVError>) throws -> Void

    private var handler: Handler?
    private var isEndedByLoop = false

    /// Begins to watch. Goes on without a reference, until ``Handle/close()``, but does not keep
    /// the loop running.
    ///
    /// Binds `uv_signal_init`, `uv_signal_start`.
    ///
    /// - Parameter handler: what to call. If it throws, the loop's exception handler gets the
    ///   error.
    /// - Throws: what the system refuses; ``UVError/canceled`` on a loop that is closed.
    public init(
        _ loop: EventLoop, file: StaticString = #fileID, line: UInt = #line,
        _ handler: @escaping Handler
    ) throws(UVError) {
        self.handler = handler
        try super.init(loop, uv_signal_t.self, madeAt: SourcePlace(file: file, line: line)) {
            uv_signal_init($0, $1)
        }
        let result = uv_signal_start(
            memory(as: uv_signal_t.self),
            { handle, _ in
                let watch = unsafeDowncast(
                    Unmanaged<Handle>.fromOpaque(handle!.pointee.data).takeUnretainedValue(),
                    to: TerminalSizeWatch.self)
                watch.fired(.success(()))
            }, SIGWINCH)
        try UVError.check(result)
        holdByLoop()
        keepsLoopAlive = false
    }

    private func fired(_ result: Result<Void, UVError>) {
        guard let handler else { return }
        loop.core.guarded(.terminalSize, madeAt: debugPlace) { try handler(result) }
        loop.core.drainIfNeeded()
    }

    override func loopIsClosing() {
        isEndedByLoop = true
        close()
    }

    override func didClose() {
        if isEndedByLoop { fired(.failure(.canceled)) }
        handler = nil
    }
}
