import CUV

// What a loop does with what goes wrong in the user's code, and what it watches in debug mode.
extension LoopCore {
    /// Calls the user's code: an error goes to the exception handler and no further. Every callback
    /// of the library goes through here (or through ``caught(_:_:)``, which also returns the error).
    @inline(__always)
    func guarded(_ source: @autoclosure () -> CallbackSource, _ body: () throws -> Void) {
        if isDebug { return guardedAndTimed(source(), body) }
        do { try body() } catch { report(error, in: source()) }
        resolveTimers()
    }

    private func guardedAndTimed(_ source: CallbackSource, _ body: () throws -> Void) {
        let start = uv_hrtime()
        do { try body() } catch { report(error, in: source) }
        let took = uv_hrtime() - start
        if took >= slowCallbackThreshold {
            let milliseconds = Double(took / 100_000) / 10
            report(
                ExceptionContext(
                    "\(source) took \(milliseconds) ms: the loop stood still", source: source))
        }
        resolveTimers()
    }

    /// As ``guarded(_:_:)``, for callers to whom the error matters: it is reported and returned.
    @inline(__always)
    func caught(
        _ source: @autoclosure () -> CallbackSource, _ body: () throws -> Void
    ) -> (any Error)? {
        var failure: (any Error)?
        guarded(source()) {
            do { try body() } catch {
                failure = error
                throw error
            }
        }
        return failure
    }

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
