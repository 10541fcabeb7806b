extension Listener {
    /// What serves a connection.
    public typealias Handler =
        nonisolated(nonsending) @Sendable (SocketStream) async throws -> Void

    /// Serves every connection with a task of its own, until the listener is closed.
    ///
    /// ```swift
    /// try await listener.serve { stream in
    ///     for try await chunk in stream { try await stream.send(chunk) }
    /// }
    /// ```
    ///
    /// The handlers are child tasks of the caller and run on the loop's thread: what computes for
    /// long, or blocks, belongs elsewhere. A stream is closed gracefully when its handler returns
    /// or throws, at once when it is cancelled. An error of a handler goes to the loop's exception
    /// handler and ends nothing but that connection.
    ///
    /// Returns when the listener is closed and all handlers have ended. If the calling task is
    /// cancelled, so are the handlers, and the listener closes.
    ///
    /// - Throws: `CancellationError`; ``StreamError/busy`` if another task takes or serves
    ///   connections.
    public nonisolated(nonsending) func serve(
        _ handler: @escaping Handler
    ) async throws {
        try await loop.serve(self, handler)
    }
}

extension EventLoop {
    fileprivate func serve(
        _ listener: Listener, _ handler: @escaping Listener.Handler
    ) async throws {
        guard listener.handlers == nil, !listener.queue.isTaking else {
            try checkCancellation()
            throw StreamError.busy
        }
        let handlers = HandlerTasks(handler)
        listener.handlers = handlers
        defer { listener.handlers = nil }
        try await withTaskCancellationHandler {
            try await withThrowingDiscardingTaskGroup { group in
                // Before the group waits for handlers that may take their time: nobody is let in
                // any more whom nobody serves.
                defer { listener.server.close() }
                while let stream = try await listener.queue.next(on: self, isCovered: true) {
                    handlers.started()
                    // Each closure where it is used: one that is passed on has a second context,
                    // in the memory of every connection.
                    if let preferredExecutor {
                        group.addTask(executorPreference: preferredExecutor) {
                            await stream.serve(handlers)
                        }
                    } else {
                        group.addTask { await stream.serve(handlers) }
                    }
                }
                await handlers.wait(on: self)
                group.cancelAll()
                handlers.cancelWaits()
            }
        } onCancel: {
            try? execute { loop in
                listener.queue.cancelWait(loop.core)
                handlers.cancelWaits()
            }
        }
    }
}

extension SocketStream {
    /// Runs a handler, and closes; on the loop's thread. In parts, because what is in a frame that
    /// waits is in the memory of every connection.
    fileprivate nonisolated(nonsending) func serve(_ handlers: HandlerTasks) async {
        core.beginScope()
        handlers.began(core)
        var failure: (any Error)?
        do {
            try await handlers.handler(self)
        } catch {
            failure = error
        }
        await end(failure)
        core.endScope()
        handlers.ended(core)
    }

    @inline(never)
    private nonisolated(nonsending) func end(_ error: (any Error)?) async {
        if let error, !isCancelled || !(error is CancellationError) { report(error) }
        do {
            try await close()
        } catch {
            if !isCancelled { report(error) }
        }
    }

    /// Whether the handler's task is cancelled, or is being.
    private var isCancelled: Bool { Task.isCancelled || core.isScopeCancelled }

    private func report(_ error: any Error) {
        loop.core.report(error, in: .streamHandler)
    }
}
