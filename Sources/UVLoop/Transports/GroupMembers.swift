/// What serves a group's connections on one of its loops.
protocol GroupMember: Sendable {
    /// To be touched on its loop's thread only.
    var server: TCPServer { get }
}

/// The servers of a group's loops, with what brings them their connections if they do not listen
/// themselves.
final class GroupMembers<Member: GroupMember>: Sendable {
    /// In the order of the group's loops.
    let members: [Member]
    let addresses: [SocketAddress]
    private let acceptor: GroupAcceptor?

    init(_ members: [Member], at addresses: [SocketAddress], _ acceptor: GroupAcceptor?) {
        self.members = members
        self.addresses = addresses
        self.acceptor = acceptor
    }

    /// The port of the first address that has one.
    var port: Int { addresses.first { $0.port != 0 }?.port ?? 0 }

    /// How many connections each loop has open, in the order of the loops.
    func connectionCounts() async -> [Int] {
        var counts: [Int] = []
        for member in members {
            counts.append(await member.server.loop.onThread { member.server.connectionCount })
        }
        return counts
    }

    /// Ceases to accept, on all loops.
    func close() async {
        await acceptor?.end()
        await withDiscardingTaskGroup { group in
            for member in members {
                group.addTask {
                    await member.server.loop.onThread { member.server.close() }
                }
            }
        }
    }

    /// Does something on every member's thread, at the same time on all. The first error is thrown
    /// when all have ended; the others are cancelled then.
    func forEach(
        _ body: nonisolated(nonsending) @escaping @Sendable (Member) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup { group in
            for member in members {
                let loop = member.server.loop
                group.addTask(executorPreference: loop.loopTaskExecutor) {
                    try await loop.visit { try await body(member) }
                }
            }
            try await group.waitForAll()
        }
    }
}

extension EventLoop {
    /// Calls a closure on the loop's thread, also after the loop's end. Not `visit`: a closure that
    /// awaits nothing would run elsewhere there.
    func onThread<R: Sendable, E: Error>(_ body: @Sendable () throws(E) -> R) throws(E) -> R {
        try body()
    }
}
