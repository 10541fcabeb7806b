import CUV

// Listening on all loops of a group: every address on every loop, or nothing at all.

/// The sockets that have been bound on one of a group's loops.
struct GroupSockets: Sendable {
    let loop: EventLoop
    let addresses: [SocketAddress]
    // Sound: touched on the loop's thread only.
    nonisolated(unsafe) let sockets: [ListeningSocket]

    /// Binds the addresses; on the loop's thread.
    init(
        _ loop: EventLoop, _ addresses: [SocketAddress], _ options: ListenOptions,
        sharesPort: Bool, _ place: SourcePlace
    ) throws(EndpointError) {
        self.loop = loop
        sockets = try TCPServer.bind(loop, addresses, options, place)
        self.addresses = sockets.map(\.address)
        // The loop may close before they listen.
        for socket in sockets { socket.holdByLoop() }
        guard sharesPort else { return }
        do throws(EndpointError) {
            for socket in sockets { try socket.sharePort() }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
    }

    func close() async {
        await loop.onThread {
            for socket in sockets { socket.close() }
        }
    }
}

/// The loop of a group that accepts for all of them.
struct GroupAcceptor: Sendable {
    let loop: EventLoop
    let dealer: ConnectionDealer

    func end() async {
        await loop.onThread { dealer.end() }
    }
}

extension EventLoopGroup {
    /// Makes a member of a loop, on its thread, that serves what comes from the sources, which it
    /// closes if it fails.
    typealias MakeMember<Member> =
        @Sendable (EventLoop, [any ConnectionSource], ListenOptions) throws(EndpointError) -> Member

    func listen<Member: GroupMember>(
        on endpoints: [Endpoint], _ options: ListenOptions, _ distribution: Distribution,
        _ place: SourcePlace, _ makeMember: @escaping MakeMember<Member>
    ) async throws -> GroupMembers<Member> {
        let first = loops[0]
        let addresses = try await first.visit { try await first.addresses(of: endpoints) }
        if distribution.hasSocketPerLoop(loops.count, addresses, options) {
            return try await listenOnEach(addresses, options, place, makeMember)
        }
        return try await listenOnOne(addresses, options, place, makeMember)
    }

    // MARK: A socket per loop

    private func listenOnEach<Member: GroupMember>(
        _ addresses: [SocketAddress], _ options: ListenOptions, _ place: SourcePlace,
        _ makeMember: @escaping MakeMember<Member>
    ) async throws -> GroupMembers<Member> {
        var bound: [GroupSockets] = []
        var members: [Member] = []
        do {
            // All are bound before any listens: no client comes in before it is sure that all can.
            for loop in loops {
                bound.append(
                    try await bind(
                        loop, bound.first?.addresses ?? addresses, options,
                        isFirst: bound.isEmpty, place))
            }
            for (index, loop) in loops.enumerated() {
                let share = options.share(of: index, among: loops.count)
                let sockets = bound[index]
                members.append(
                    try await loop.onThread { try makeMember(loop, sockets.sockets, share) })
            }
            return GroupMembers(members, at: bound[0].addresses, nil)
        } catch {
            await GroupMembers(members, at: [], nil).close()
            for sockets in bound { await sockets.close() }
            throw error
        }
    }

    private func bind(
        _ loop: EventLoop, _ addresses: [SocketAddress], _ options: ListenOptions, isFirst: Bool,
        _ place: SourcePlace
    ) async throws -> GroupSockets {
        var options = options
        options.reusePort = options.reusePort || !isFirst
        let sharesPort = isFirst && loops.count > 1
        return try await loop.onThread { [options] in
            try GroupSockets(loop, addresses, options, sharesPort: sharesPort, place)
        }
    }

    // MARK: One socket, and descriptors that are handed over

    private func listenOnOne<Member: GroupMember>(
        _ addresses: [SocketAddress], _ options: ListenOptions, _ place: SourcePlace,
        _ makeMember: @escaping MakeMember<Member>
    ) async throws -> GroupMembers<Member> {
        let loop = next()
        let bound = try await loop.onThread {
            try GroupSockets(loop, addresses, options, sharesPort: false, place)
        }
        let dealer = ConnectionDealer(on: loop, memberCount: loops.count, options: options)
        let acceptor = GroupAcceptor(loop: loop, dealer: dealer)
        var targets: [HandedConnections.List] = []
        var members: [Member] = []
        do {
            for (index, loop) in loops.enumerated() {
                let (member, sources) = try await loop.onThread { () throws(EndpointError) in
                    let sources = try bound.addresses.map { address throws(EndpointError) in
                        try HandedConnections(loop, index, from: dealer, at: address, madeAt: place)
                    }
                    let member = try makeMember(loop, sources, options.unbounded)
                    member.server.onConnectionEnd = { dealer.ended(index) }
                    return (member, HandedConnections.List(sources: sources))
                }
                members.append(member)
                targets.append(sources)
            }
            try await loop.onThread { [targets] in
                try dealer.start(
                    bound.sockets, for: targets.map(\.sources), backlog: options.backlog)
            }
            return GroupMembers(members, at: bound.addresses, acceptor)
        } catch {
            await GroupMembers(members, at: [], acceptor).close()
            await bound.close()
            throw error
        }
    }
}

extension EventLoopGroup.Distribution {
    /// Whether each loop is to have a listening socket of its own.
    fileprivate func hasSocketPerLoop(
        _ loopCount: Int, _ addresses: [SocketAddress], _ options: ListenOptions
    ) -> Bool {
        // Nobody has to be asked who gets a connection.
        if loopCount == 1 { return true }
        #if os(Linux)
        return self == .system && addresses.allSatisfy { $0.family != .unix }
            && options.mostConnections >= loopCount
        #else
        return false
        #endif
    }
}

extension ListenOptions {
    /// The options of a server whose connections somebody else counts.
    fileprivate var unbounded: ListenOptions {
        var options = self
        options.maxConnections = nil
        return options
    }

    /// The options of one of several loops, among which the connections are divided.
    fileprivate func share(of index: Int, among count: Int) -> ListenOptions {
        var share = self
        share.maxConnections = maxConnections.map { $0 / count + (index < $0 % count ? 1 : 0) }
        return share
    }
}
