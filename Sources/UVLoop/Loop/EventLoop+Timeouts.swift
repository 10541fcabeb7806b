extension EventLoop {
    /// Runs a closure with a limit to its time: when that is over, the closure is cancelled, and
    /// once it has ended, ``EventLoopError/timedOut`` is thrown.
    ///
    /// ```swift
    /// let answer = try await loop.withTimeout(.seconds(5)) {
    ///     try await stream.send(question)
    ///     return try await stream.receiveLine()
    /// }
    /// ```
    ///
    /// The closure runs where the caller is isolated, in a child task of the calling one: with its
    /// priority and its task-local values, and it is cancelled with it. The time is one timer of
    /// the loop, which has to run. As with every cancellation, the closure has to heed it; this
    /// waits until it has ended.
    ///
    /// - **A value** that the closure returns nevertheless, too late, is returned.
    /// - **`CancellationError`** becomes ``EventLoopError/timedOut`` if the time is over, unless
    ///   the calling task is cancelled, too.
    /// - **Every other error** of the closure comes out as it is. So an inner timeout never looks
    ///   like the outer one's; and when the outer time is over, the inner closure is cancelled.
    ///
    /// - Parameters:
    ///   - timeout: how long from the call on; zero and less cancel the closure from its beginning.
    ///   - body: what to run.
    /// - Throws: what `body` throws; ``EventLoopError/timedOut``; ``EventLoopError/closed`` instead
    ///   if the loop is closed, without a call, or closes meanwhile, which cancels the closure.
    public nonisolated(nonsending) func withTimeout<R>(
        _ timeout: Duration, _ body: nonisolated(nonsending) () async throws -> R
    ) async throws -> R {
        try await withDeadline(.now.advanced(by: timeout), body)
    }

    /// Runs a closure until an instant at most; see ``withTimeout(_:_:)``.
    ///
    /// - Parameters:
    ///   - deadline: when the closure is cancelled; one that has passed, from its beginning.
    ///   - body: what to run.
    /// - Throws: as ``withTimeout(_:_:)``.
    public nonisolated(nonsending) func withDeadline<R>(
        _ deadline: Instant, _ body: nonisolated(nonsending) () async throws -> R
    ) async throws -> R {
        // Another thread may only ask whether the loop is over.
        if isOnThread ? core.isClosing : SharedCore(core).isOver { throw EventLoopError.closed }
        return try await TimedScope<R>(self, deadline).run(body)
    }
}
