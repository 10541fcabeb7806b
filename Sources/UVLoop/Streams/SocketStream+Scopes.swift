// Scopes: for as long as a closure has the stream.
extension SocketStream {
    /// Runs the closure and closes on every exit. An error of the closure goes before one of the
    /// closing.
    nonisolated(nonsending) func closing<R>(
        _ body: nonisolated(nonsending) (SocketStream) async throws -> R
    ) async throws -> R {
        let result: R
        do {
            result = try await isHome() ? covered(body) : body(self)
        } catch {
            try? await close()
            throw error
        }
        try await close()
        return result
    }

    /// Runs the closure, on the loop's thread. The cancellation of the task is watched for all the
    /// waits of the stream in there, and not for each of them.
    func covered<R>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: nonisolated(nonsending) (SocketStream) async throws -> R
    ) async throws -> R {
        core.beginScope()
        defer { core.endScope() }
        return try await withTaskCancellationHandler {
            // Captured, or the closure would run on the global executor.
            _ = isolation
            return try await body(self)
        } onCancel: {
            try? loop.execute { _ in self.core.cancelScope() }
        }
    }
}
