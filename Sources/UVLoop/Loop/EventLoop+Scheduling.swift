import CUV

extension EventLoop {
    // MARK: On the loop's thread

    /// Queues a closure for the next turn. First in, first out, exactly once.
    ///
    /// On a closed loop nothing happens but a report to the exception handler.
    ///
    /// - Parameter body: what to call. If it throws, the exception handler gets the error.
    /// - Returns: a handle to cancel the call; it needs not be kept.
    @discardableResult
    public nonisolated func callSoon(_ body: consuming @escaping () throws -> Void) -> CallHandle {
        assertOnThread()
        return CallHandle(loop: self, number: core.enqueueCall(.closure(body)))
    }

    /// Queues a C function with its context: as the other form, without a closure to allocate and
    /// without a handle. The cheapest way to be called.
    ///
    /// - Parameters:
    ///   - function: what to call.
    ///   - context: passed on as it is; the caller keeps it valid until the call.
    public nonisolated func callSoon(
        _ function: @convention(c) (UnsafeMutableRawPointer?) -> Void,
        context: UnsafeMutableRawPointer?
    ) {
        assertOnThread()
        unmanagedCore._withUnsafeGuaranteedRef { core in
            _ = core.enqueueCall(.function(function, context))
        }
    }

    /// Calls a closure after a delay; see ``Timer/start(after:repeating:)``.
    ///
    /// - Returns: the timer, to stop it; it needs not be kept.
    @discardableResult
    public nonisolated func callLater(
        _ delay: Duration, _ body: @escaping () throws -> Void
    ) -> Timer {
        let timer = Timer(self, body)
        timer.start(after: delay)
        return timer
    }

    /// Calls a closure at an instant; see ``Timer/start(at:repeating:)``.
    ///
    /// - Returns: the timer, to stop it; it needs not be kept.
    @discardableResult
    public nonisolated func callAt(
        _ deadline: Instant, _ body: @escaping () throws -> Void
    ) -> Timer {
        let timer = Timer(self, body)
        timer.start(at: deadline)
        return timer
    }

    /// Starts a task isolated to the loop. It begins in a later turn, and is cancelled when the
    /// loop closes.
    ///
    /// Unlike `Task { }` it takes what belongs to the loop's thread along, such as the transport of
    /// the protocol callback that it is called in. All of the closure runs on the loop's thread,
    /// after its suspensions, too.
    @discardableResult
    public nonisolated func spawn<R: Sendable>(
        _ body: nonisolated(nonsending) @escaping (EventLoop) async throws -> R
    ) -> Task<R, any Error> {
        preconditionOnThread("spawn")
        // Sound: the closure comes from the loop's thread, and the task runs it nowhere else.
        nonisolated(unsafe) let body = body
        let number = core.tasks.reserve()
        let run = { @Sendable in try await self.runSpawned(number, body) }
        let task =
            preferredExecutor.map { Task(executorPreference: $0, operation: run) }
            ?? Task(operation: run)
        core.tasks.add(number) { task.cancel() }
        return task
    }

    private func runSpawned<R: Sendable>(
        _ number: Int, _ body: nonisolated(nonsending) (EventLoop) async throws -> R
    ) async throws -> R {
        // Also the first thing that this function does, on the loop: a closure that is awaited
        // first can run elsewhere (swiftlang/swift 86083).
        defer { core.tasks.remove(number) }
        preconditionIsolated()
        return try await body(self)
    }

    // MARK: From anywhere

    /// Posts a closure to the loop's thread and does not wait for it. Wakes the loop; many posts
    /// cost one wakeup. First in, first out with everything else that is queued.
    ///
    /// Stands for `uv_async_send`.
    ///
    /// - Parameter body: what to call, isolated to the loop. If it throws, the exception handler
    ///   gets the error.
    /// - Throws: ``EventLoopError/closed`` if the loop is closed; the closure is not called then.
    public nonisolated func execute(
        _ body: consuming @escaping @Sendable (isolated EventLoop) throws -> Void
    ) throws(EventLoopError) {
        guard core.inbox.post(.posted(PostedCall(body))) else { throw .closed }
    }

    /// Runs a closure isolated to the loop and returns what it returns. Directly, if the caller is
    /// isolated to the loop, too.
    ///
    /// - Throws: ``EventLoopError/closed`` if the loop is closed; what the closure throws.
    public func perform<R>(
        _ body: @Sendable (isolated EventLoop) async throws -> sending R
    ) async throws -> sending R {
        guard !core.isClosed else { throw EventLoopError.closed }
        return try await body(self)
    }
}

/// A call that ``EventLoop/callSoon(_:)`` queued: to cancel it. Belongs to the loop's thread.
public struct CallHandle {
    private let loop: EventLoop
    private let number: UInt

    init(loop: EventLoop, number: UInt) {
        self.loop = loop
        self.number = number
    }

    /// Whether the call has still to come.
    public var isPending: Bool {
        loop.assertOnThread()
        return loop.core.ready.isWaiting(number)
    }

    /// Takes the call back. Idempotent; nothing happens if it has been made.
    public func cancel() {
        loop.assertOnThread()
        _ = loop.core.ready.cancel(number)
    }
}
