/// Listens on one or more addresses and gives out each connection as a ``SocketStream``.
///
/// Made by `EventLoop.listen`, used from any task. Connections are taken one after the other,
///
/// ```swift
/// for try await stream in listener { … }
/// ```
///
/// or all at once by ``serve(_:)``. Only a few are accepted before somebody takes them, and no more
/// than ``ListenOptions/maxConnections`` at a time: other clients wait in the system's backlog.
///
/// No failure to accept ends a listener: when the process is out of descriptors, say, that is
/// reported to the loop's exception handler, the clients wait, and it tries again after a pause.
///
/// It closes when ``close()`` or ``shutdown(grace:)`` is called, ``serve(_:)`` ends, its loop
/// closes, or nobody refers to it any more.
public final class Listener: Sendable {
    /// The loop that the listener and its streams live on.
    public let loop: EventLoop
    /// The addresses that it listens on; with the port that the system chose where 0 was asked for.
    public let addresses: [SocketAddress]
    // Sound: they are touched on the loop's thread only, which every operation checks.
    nonisolated(unsafe) let server: TCPServer
    nonisolated(unsafe) let queue: AcceptQueue
    /// What serves the connections, while it does.
    nonisolated(unsafe) var handlers: HandlerTasks?

    /// Gives out the connections of sources, and closes them if that fails; on the loop's thread.
    init(
        _ loop: EventLoop, _ sources: [any ConnectionSource], _ options: ListenOptions,
        _ place: SourcePlace
    ) throws(EndpointError) {
        let queue = AcceptQueue()
        let entry = StreamEntry { queue.accepted($0) }
        let server = try TCPServer(loop, sources, options, entry, place) {
            StreamCore(on: loop.core)
        }
        self.loop = loop
        self.server = server
        self.queue = queue
        addresses = server.addresses
        queue.server = server
        server.onClose = { queue.close() }
    }

    deinit {
        // Refused means that the loop is closed, and the server with it. Sound: nobody else has a
        // listener that goes, and the server is used on the loop's thread only.
        nonisolated(unsafe) let server = server
        if loop.isOnThread { server.close() } else { try? loop.execute { _ in server.close() } }
    }

    /// The port of the first address.
    public var port: Int { addresses[0].port }

    /// Waits for a connection; nil once the listener is closed. One task at a time.
    ///
    /// - Throws: ``StreamError/busy``; `CancellationError`, which loses no connection.
    public nonisolated(nonsending) func accept() async throws -> SocketStream? {
        guard loop.isHome() else {
            return try await loop.visit { try await self.accept() }
        }
        return try await queue.next(on: loop)
    }

    /// How many connections are open that it accepted.
    public var connectionCount: Int {
        get async { await loop.connectionCount(of: self) }
    }

    // MARK: Ending

    /// Ceases to accept. Connections that nobody has taken are aborted, the others stay open. The
    /// ports are free when this returns. Idempotent.
    public nonisolated(nonsending) func close() async {
        guard loop.core.isOnThread else { return await loop.close(self) }
        server.close()
    }

    /// Ends the listener in order: ceases to accept, waits until the connections have ended, but
    /// only for a time, then cancels the handlers of ``serve(_:)`` and aborts what is left.
    ///
    /// Handlers do not hear of it until the time is over: one that waits for requests ends when its
    /// client does.
    ///
    /// - Parameter grace: how long to wait.
    /// - Throws: `CancellationError` if the task is cancelled: the grace is over then.
    public nonisolated(nonsending) func shutdown(grace: Duration) async throws {
        guard loop.isHome() else {
            return try await loop.visit { try await self.shutdown(grace: grace) }
        }
        server.close()
        // Its loop's end has ended everything.
        guard !loop.isClosed else { return try checkCancellation() }
        let timer = loop.callLater(grace) { [self] in endGrace() }
        defer { timer.stop() }
        do {
            try await server.waitClosed()
        } catch {
            endGrace()
            throw error
        }
    }

    private func endGrace() {
        guard let handlers else { return server.abortClients() }
        // Whoever serves cancels the handlers now. Those that do not heed it, or have not heeded it
        // before, lose their streams a moment later: at once, and the others would hear of closed
        // streams instead.
        handlers.endGrace(loop.core)
        guard loop.core.acceptsHandles else { return }
        loop.callLater(.seconds(1)) { [server] in server.abortClients() }.keepsLoopAlive = false
    }
}

extension Listener: AsyncSequence {
    /// A connection.
    public typealias Element = SocketStream

    /// Takes connections until the listener is closed.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let listener: Listener

        /// The next connection, as ``Listener/accept()``.
        public mutating func next() async throws -> SocketStream? { try await listener.accept() }

        /// The same, where the caller is.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> SocketStream? {
            try await listener.accept()
        }
    }

    /// Takes the connections that nobody else takes.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(listener: self) }
}

extension EventLoop {
    fileprivate func close(_ listener: Listener) { listener.server.close() }

    fileprivate func connectionCount(of listener: Listener) -> Int {
        listener.server.connectionCount
    }
}
