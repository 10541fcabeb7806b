/// Listens for a group of loops, each of which makes a protocol for every connection that comes to
/// it: a ``TCPServer`` on each loop, as one.
///
/// Made by `EventLoopGroup.listen`, used from any task. What ``TCPServer`` says holds on each loop:
/// no failure to accept, and no protocol that throws, ends a server or is noticed on another loop.
///
/// It goes on without any reference of yours, until ``close()`` or ``shutdown(grace:)`` is called
/// or the group's loops close.
public final class GroupServer: Sendable {
    /// The loops that serve the connections.
    public let group: EventLoopGroup
    private let members: GroupMembers<LoopServer>

    init(_ group: EventLoopGroup, _ members: GroupMembers<LoopServer>) {
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

    /// Ceases to accept, on all loops; connections that are open stay so. The ports and paths are
    /// free when this returns. Idempotent.
    public func close() async { await members.close() }

    /// Returns when the server is closed and all its connections are gone.
    ///
    /// - Throws: `CancellationError` if the task is cancelled; the server goes on then.
    public func waitClosed() async throws {
        try await members.forEach { try await $0.server.waitClosed() }
    }

    /// Ends the server in order, on all loops at the same time: ceases to accept, closes the
    /// connections gracefully, aborts those that are left after a time, and returns when all are
    /// gone. The loops run on.
    ///
    /// - Parameter grace: how long to wait before aborting.
    /// - Throws: `CancellationError` if the task is cancelled: what is left is aborted then.
    public func shutdown(grace: Duration) async throws {
        await close()
        try await members.forEach { member in
            // Its loop's end has ended everything.
            guard !member.server.loop.isClosed else { return try checkCancellation() }
            try await member.server.shutdown(grace: grace)
        }
    }
}

/// The server of one of a group's loops.
struct LoopServer: GroupMember {
    // Sound: touched on the loop's thread only.
    nonisolated(unsafe) let server: TCPServer
}
