import CUV

// What a loop does with what goes wrong in the user's code, and what it watches in debug mode.
extension LoopCore {
    /// Calls the user's code: an error goes to the exception handler and no further. Every callback
    /// of the library goes through here or through ``caught(_:_:)``.
    @inline(__always)
    func guarded(_ source: @autoclosure () -> CallbackSource, _ body: () throws -> Void) {
        _ = caught(source(), body)
    }

    /// As ``guarded(_:_:)``, for callers to whom the error matters: it is reported and returned.
    @inline(__always)
    func caught(
        _ source: @autoclosure () -> CallbackSource, _ body: () throws -> Void
    ) -> (any Error)? {
        // The two halves of the timing are apart, so that `body` can be compiled into the caller.
        let start = isDebug ? uv_hrtime() : 0
        var failure: (any Error)?
        do {
            try body()
        } catch {
            report(error, in: source())
            failure = error
        }
        if start != 0 { reportIfSlow(source(), since: start) }
        resolveTimers()
        return failure
    }

    @inline(never)
    private func reportIfSlow(_ source: CallbackSource, since start: UInt64) {
        let took = uv_hrtime() - start
        guard took >= slowCallbackThreshold else { return }
        let milliseconds = Double(took / 100_000) / 10
        report(
            ExceptionContext(
                "\(source) took \(milliseconds) ms: the loop stood still", source: source))
    }

    @inline(never)
    func report(_ error: any Error, in source: CallbackSource) {
        report(ExceptionContext("error in \(source)", error: error, source: source))
    }

    func report(_ context: ExceptionContext) {
        guard let handler = exceptionHandler else { return Self.print(context) }
        do {
            try handler(context)
        } catch {
            Self.print(context)
            Self.print(
                ExceptionContext("error in the exception handler", error: error, source: .loop))
        }
    }

    private static func print(_ context: ExceptionContext) {
        let line = "UVLoop: \(context)\n"
        line.utf8CString.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
    }
}
