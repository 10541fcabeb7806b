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
    /// - Throws: `CancellationError`; ``StreamError/busy`` if another task takes connections.
    public nonisolated(nonsending) func serve(
        _ handler: @escaping Handler
    ) async throws {
        try await loop.serve(self, handler)
    }
}

/// How many handlers of a ``Listener`` are at work, and what ends them. Belongs to the loop's
/// thread.
final class HandlerCount {
    private var count = 0
    private var isGraceOver = false
    private let room = WaitingRoom()

    func began() { count += 1 }

    func ended(_ core: LoopCore) {
        count -= 1
        if count == 0 { room.wake(core) }
    }

    /// Makes ``wait(on:)`` return at once.
    func cancelAll(_ core: LoopCore) {
        isGraceOver = true
        room.wake(core)
    }

    /// Returns when no handler is at work, or the others are to be cancelled.
    nonisolated(nonsending) func wait(on loop: EventLoop) async {
        while count > 0, !isGraceOver {
            if await room.wait(on: loop) == .cancelled { return }
        }
    }
}

extension EventLoop {
    fileprivate func serve(
        _ listener: Listener, _ handler: @escaping Listener.Handler
    ) async throws {
        defer { listener.server.close() }
        try await withThrowingDiscardingTaskGroup { group in
            while let stream = try await listener.queue.next(on: self) {
                listener.handlers.began()
                group.addTask(executorPreference: loopTaskExecutor) {
                    await stream.serve(for: listener, handler)
                }
            }
            await listener.handlers.wait(on: self)
            group.cancelAll()
        }
    }
}

extension SocketStream {
    /// Runs a handler, and closes; on the loop's thread. In parts, because what is in a frame that
    /// waits is in the memory of every connection.
    fileprivate nonisolated(nonsending) func serve(
        for listener: Listener, _ handler: @escaping Listener.Handler
    ) async {
        var failure: (any Error)?
        do {
            try await covered(handler)
        } catch {
            failure = error
        }
        await end(failure)
        listener.handlers.ended(loop.core)
    }

    @inline(never)
    private nonisolated(nonsending) func end(_ error: (any Error)?) async {
        if let error, !Task.isCancelled || !(error is CancellationError) { report(error) }
        do {
            try await close()
        } catch {
            if !Task.isCancelled { report(error) }
        }
    }

    private func report(_ error: any Error) {
        loop.core.report(error, in: .streamHandler)
    }
}
