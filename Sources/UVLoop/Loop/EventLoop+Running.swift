import CUV

extension EventLoop {
    /// How long ``EventLoop/run(_:)-method`` runs.
    public enum RunMode: Sendable {
        /// Until nothing is left that keeps the loop alive, or ``stop()``. Binds `UV_RUN_DEFAULT`.
        case untilDone
        /// One turn, which waits for something to happen. Binds `UV_RUN_ONCE`.
        case oneTurn
        /// One turn, which does not wait. Binds `UV_RUN_NOWAIT`.
        case nonBlocking

        var uvMode: uv_run_mode {
            switch self {
            case .untilDone: UV_RUN_DEFAULT
            case .oneTurn: UV_RUN_ONCE
            case .nonBlocking: UV_RUN_NOWAIT
            }
        }
    }

    /// Runs an async closure on a new loop, on the calling thread, and closes the loop.
    ///
    /// The closure is isolated to the loop. When it returns or throws, tasks that
    /// ``spawn(_:)`` started are cancelled, what is open is closed and hears of it, and the libuv
    /// loop is ended for good.
    ///
    /// Binds `uv_loop_init`, `uv_run`, `uv_walk`, `uv_loop_close`.
    ///
    /// - Parameter body: the program. What it captures and is not `Sendable` belongs to it from
    ///   then on: return what the caller needs back.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws; ``EventLoopError/running`` on a thread that runs a loop;
    ///   ``EventLoopError/stopped`` if ``stop()`` ended the run first; ``UVError`` if no loop could
    ///   be made.
    public static func run<R>(
        _ body: @escaping (isolated EventLoop) async throws -> R
    ) throws -> R {
        guard CurrentLoop.get() == nil else { throw EventLoopError.running }
        let loop = try EventLoop()
        let outcome = RunOutcome<R>()
        // Sound: everything of this runs on the calling thread, which waits here.
        nonisolated(unsafe) let (unsafeBody, unsafeOutcome) = (body, outcome)
        loop.core.keepAlive(1)
        let task = Task(executorPreference: loop.loopTaskExecutor) {
            await loop.run(unsafeBody, into: unsafeOutcome)
        }
        _ = try loop.core.run(.untilDone)
        loop.core.keepAlive(-1)
        if outcome.result == nil { task.cancel() }
        try loop.core.close()
        guard let result = outcome.result else { throw EventLoopError.stopped }
        return try result.get()
    }

    private func run<R>(
        _ body: (isolated EventLoop) async throws -> R, into outcome: RunOutcome<R>
    ) async {
        do {
            outcome.result = .success(try await body(self))
        } catch {
            outcome.result = .failure(error)
        }
        core.stop()
    }

    /// Runs the loop on its thread: the calling one, which must have made it.
    ///
    /// Binds `uv_run`.
    ///
    /// - Returns: whether there is anything left that keeps the loop alive.
    /// - Throws: ``EventLoopError/running`` inside another run, ``EventLoopError/wrongThread``,
    ///   ``EventLoopError/closed``.
    @discardableResult
    public nonisolated func run(_ mode: RunMode = .untilDone) throws(EventLoopError) -> Bool {
        try core.run(mode)
    }

    /// Ends the run after the current batch of callbacks; before a run, makes it one pass that does
    /// not block. On the loop's thread only. Binds `uv_stop`.
    public nonisolated func stop() {
        preconditionOnThread("stop")
        core.stop()
    }

    /// Closes the loop for good: cancels the tasks of ``spawn(_:)``, closes every handle, runs the
    /// close callbacks, and refuses posts. Idempotent. On the loop's thread, when it does not run.
    ///
    /// Transports are aborted: to end gracefully, close them first. Waits for a name look-up that
    /// is under way, which cannot be interrupted.
    ///
    /// Binds `uv_walk`, `uv_close`, `uv_loop_close`.
    ///
    /// - Throws: ``EventLoopError/running``, ``EventLoopError/wrongThread``,
    ///   ``EventLoopError/installed``.
    public nonisolated func close() throws(EventLoopError) {
        try core.close()
    }

    /// Whether the loop is closed. On its thread only.
    public nonisolated var isClosed: Bool { core.isClosed }

    // MARK: Embedding

    /// A descriptor that is readable when the loop has something to do: for another loop to watch
    /// while it drives this one. It holds for what the loop has been told until the last turn.
    ///
    /// ```swift
    /// try loop.run(.nonBlocking)                    // once, so that the descriptor knows all
    /// // in the other loop: watch loop.backendDescriptor, wait at most loop.nextTimeout, then
    /// try loop.run(.nonBlocking)
    /// ```
    ///
    /// Binds `uv_backend_fd`.
    public nonisolated var backendDescriptor: Int32 {
        preconditionOnThread("backendDescriptor")
        return core.isClosed ? -1 : uv_backend_fd(core.uv)
    }

    /// How long a driving loop may wait before it calls ``run(_:)-method`` with
    /// ``RunMode/nonBlocking``: zero if there is work at once, nil if only the descriptor can
    /// bring any.
    ///
    /// Binds `uv_backend_timeout`.
    public nonisolated var nextTimeout: Duration? {
        preconditionOnThread("nextTimeout")
        return core.isClosed ? nil : core.untilNextTurn.map { .nanoseconds(Int64($0)) }
    }
}

/// Where the closure of a run leaves its result.
private final class RunOutcome<R> {
    var result: Result<R, any Error>?
}
