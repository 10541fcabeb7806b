import CUV

// What a loop does with what goes wrong in the user's code, and what it watches in debug mode.
extension LoopCore {
    /// Calls the user's code: an error goes to the exception handler and no further. Every callback
    /// of the library goes through here or through ``caught(_:_:)``.
    ///
    /// - Parameter place: where the handle was made whose callback it is, if that is known.
    @inline(__always)
    func guarded(
        _ source: @autoclosure () -> CallbackSource,
        madeAt place: @autoclosure () -> SourcePlace? = nil, _ body: () throws -> Void
    ) {
        _ = caught(source(), madeAt: place(), body)
    }

    /// As ``guarded(_:_:)``, for callers to whom the error matters: it is reported and returned.
    @inline(__always)
    func caught(
        _ source: @autoclosure () -> CallbackSource,
        madeAt place: @autoclosure () -> SourcePlace? = nil, _ body: () throws -> Void
    ) -> (any Error)? {
        caught(source(), madeAt: place(), isWatched: isDebug, body)
    }

    /// The same for callers that have asked before whether this is debug mode, and do the rest of
    /// their work in a function for each: so the usual one has nothing in it for the other.
    @inline(__always)
    func caught(
        _ source: @autoclosure () -> CallbackSource,
        madeAt place: @autoclosure () -> SourcePlace? = nil, isWatched: Bool,
        _ body: () throws -> Void
    ) -> (any Error)? {
        // The two halves of the timing are apart, so that `body` can be compiled into the caller.
        let start = isWatched ? beginWatched(source(), place()) : 0
        var failure: (any Error)?
        do {
            try body()
        } catch {
            report(error, in: source())
            failure = error
        }
        if start != 0 { endWatched(source(), place(), since: start) }
        resolveTimers()
        return failure
    }

    @inline(never)
    private func beginWatched(_ source: CallbackSource, _ place: SourcePlace?) -> UInt64 {
        let start = uv_hrtime()
        watchdog?.enter(source, place, at: start)
        return start
    }

    @inline(never)
    private func endWatched(
        _ source: CallbackSource, _ place: SourcePlace?, since start: UInt64
    ) {
        watchdog?.leave()
        let took = uv_hrtime() - start
        guard took >= slowCallbackThreshold else { return }
        let milliseconds = Double(took / 100_000) / 10
        report(
            ExceptionContext(
                "\(source.described(at: place)) took \(milliseconds) ms: the loop stood still",
                source: source))
    }

    /// Turns debug mode on or off.
    func setDebug(_ isOn: Bool) {
        isDebug = isOn
        debugPlaces = isOn ? debugPlaces ?? [:] : nil
        if !isOn || isClosed {
            stopWatchdog()
        } else if watchdog == nil {
            watchdog = Watchdog(threshold: blockedLoopThreshold) { Self.print($0) }
            watchdog?.start()
        }
    }

    func stopWatchdog() {
        watchdog?.stop()
        watchdog = nil
    }

    @inline(never)
    func report(_ error: any Error, in source: CallbackSource) {
        report(ExceptionContext("error in \(source)", error: error, source: source))
    }

    func report(_ context: ExceptionContext) {
        guard let handler = exceptionHandler else { return Self.print("\(context)") }
        do {
            try handler(context)
        } catch {
            Self.print("\(context)")
            Self.print("error in the exception handler: \(error)")
        }
    }

    private static func print(_ message: String) {
        let line = "UVLoop: \(message)\n"
        line.utf8CString.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
    }
}
