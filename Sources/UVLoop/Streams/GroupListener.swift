import Synchronization

/// Listens for a group of loops, and serves each connection as a ``SocketStream`` of one of them: a
/// ``Listener`` on each loop, as one.
///
/// ```swift
/// let listener = try await group.listen(on: .host(nil, port: 7000))
/// try await listener.serve { stream in
///     for try await chunk in stream { try await stream.send(chunk) }
/// }
/// ```
///
/// Made by `EventLoopGroup.listen`, used from any task. What ``Listener`` says holds on each loop.
///
/// It closes when ``close()`` or ``shutdown(grace:)`` is called, ``serve(_:)`` ends, the group's
/// loops close, or nobody refers to it any more.
public final class GroupListener: Sendable {
    /// The loops that serve the connections.
    public let group: EventLoopGroup
    private let members: GroupMembers<Listener>
    private let isServing = Atomic(false)

    init(_ group: EventLoopGroup, _ members: GroupMembers<Listener>) {
        self.group = group
        self.members = members
    }

    /// The addresses that it listens on; with the port that the system chose where 0 was asked for.
    public var addresses: [SocketAddress] { members.addresses }

    /// The port of the first address that has one; 0 if only Unix-domain sockets are listened on.
    public var port: Int { members.port }

    /// How many connections that were accepted here are open on each loop, in the order of
    /// ``EventLoopGroup/loops``.
    public var connectionCounts: [Int] {
        get async { await members.connectionCounts() }
    }

    /// Serves every connection with a task of its own, on the thread of the loop that it came to,
    /// until the listener is closed. The stream's ``SocketStream/loop`` is that loop.
    ///
    /// What becomes of a stream, and of an error of its handler, is as ``Listener/serve(_:)`` says;
    /// neither is noticed on other loops. Handlers of several loops run at the same time.
    ///
    /// Returns when the listener is closed and all handlers have ended. If the calling task is
    /// cancelled, so are the handlers, and the listener closes.
    ///
    /// - Throws: `CancellationError`; ``StreamError/busy`` if another task serves connections.
    public func serve(_ handler: @escaping Listener.Handler) async throws {
        guard !isServing.exchange(true, ordering: .acquiringAndReleasing) else {
            try checkCancellation()
            throw StreamError.busy
        }
        defer { isServing.store(false, ordering: .releasing) }
        do {
            try await members.forEach { try await $0.serve(handler) }
        } catch {
            await close()
            throw error
        }
    }

    /// Ceases to accept, on all loops. Connections that nobody serves are aborted, the others stay
    /// open. The ports and paths are free when this returns. Idempotent.
    public func close() async { await members.close() }

    /// Ends the listener in order, on all loops at the same time: ceases to accept, waits until the
    /// connections have ended, but only for a time, then cancels the handlers of ``serve(_:)`` and
    /// aborts what is left. The loops run on.
    ///
    /// - Parameter grace: how long to wait.
    /// - Throws: `CancellationError` if the task is cancelled: the grace is over then.
    public func shutdown(grace: Duration) async throws {
        await close()
        try await members.forEach { try await $0.shutdown(grace: grace) }
    }
}

extension Listener: GroupMember {}
