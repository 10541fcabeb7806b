import Testing

@testable import UVLoop

/// A group's listener ends on all loops, in order, and leaves nothing behind.
@Suite(.timeLimit(.minutes(1)))
struct GroupListenerEndingTests {
    /// Whether nobody listens at an address any more. To be asked again: a process that another
    /// test starts has all descriptors for a moment.
    private func isFree(_ address: SocketAddress) -> Bool {
        guard let peer = try? RawSocket.connect(to: address) else { return true }
        peer.close()
        return false
    }

    @Test(arguments: Dealt.allCases)
    func shutdownWaitsForHandlers(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let echo = try await Echo(group, way, peers: 12)
            let listener = echo.listener
            async let ending: Void = listener.shutdown(grace: .seconds(50))
            try await eventually { isFree(listener.addresses[0]) }
            for peer in echo.peers {
                try peer.send("hello")
                #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
                peer.endWriting()
                #expect(try await offThread { try peer.receiveToEnd() } == [])
                peer.close()
            }
            try await ending
            try await echo.serving.value
            #expect(echo.cancelled.value == 0)
        }
    }

    @Test(arguments: Dealt.allCases)
    func handlersThatGoOnAreCancelled(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let echo = try await Echo(group, way, peers: 12)
            let listener = echo.listener
            try await listener.shutdown(grace: .milliseconds(20))
            try await echo.serving.value
            #expect(echo.cancelled.value == 12)
            #expect(await listener.connectionCounts == [0, 0, 0])
            for peer in echo.peers { peer.close() }
            // The loops run on, and the port is free for another listener; unless another test
            // has it for a moment.
            try await eventually {
                let next = try? await group.listen(
                    on: .address(listener.addresses[0]), distribution: way.distribution)
                await next?.close()
                return next != nil
            }
        }
    }

    @Test(arguments: Dealt.allCases)
    func aShutdownThatIsCancelledEndsTheGrace(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let echo = try await Echo(group, way, peers: 6)
            let listener = echo.listener
            let ending = Task { try await listener.shutdown(grace: .seconds(500)) }
            try await eventually { isFree(listener.addresses[0]) }
            ending.cancel()
            await expectCancelled { try await ending.value }
            try await echo.serving.value
            for peer in echo.peers { peer.close() }
        }
    }

    @Test(arguments: Dealt.allCases)
    func closeLeavesConnectionsOpen(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let echo = try await Echo(group, way, peers: 6)
            let listener = echo.listener
            await listener.close()
            await listener.close()
            try await eventually { isFree(listener.addresses[0]) }
            for peer in echo.peers {
                try peer.send("hello")
                #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
                peer.close()
            }
            try await echo.serving.value
        }
    }

    @Test(arguments: Dealt.allCases)
    func serveThatIsCancelledClosesEverything(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let echo = try await Echo(group, way, peers: 6)
            let listener = echo.listener
            await expect(.busy) { try await listener.serve { _ in } }
            echo.serving.cancel()
            await expectCancelled { try await echo.serving.value }
            try await eventually { isFree(listener.addresses[0]) }
            for peer in echo.peers {
                #expect(try await offThread { (try? peer.receiveToEnd()) ?? [] } == [])
                peer.close()
            }
            // Nobody serves any more, and there is nothing to be served.
            try await listener.serve { _ in }
        }
    }

    @Test(arguments: Dealt.allCases)
    func aGroupThatIsShutDownEndsItsListeners(_ way: Dealt) async throws {
        let group = try EventLoopGroup(count: 3)
        let listener = try await way.listen(group)
        let begun = Counter()
        async let serving: Void = listener.serve { stream in
            begun.increment()
            let error = await failure { try await stream.receive() }
            #expect(error != nil)
        }
        let peers = try (0..<6).map { _ in try RawSocket.connect(to: listener.addresses[0]) }
        try await eventually { begun.value == 6 }
        await group.shutdown()
        try await serving
        try await eventually { isFree(listener.addresses[0]) }
        await listener.close()
        try await listener.shutdown(grace: .seconds(50))
        #expect(await listener.connectionCounts == [0, 0, 0])
        for peer in peers { peer.close() }
    }

    /// Whether one loop's end is heard of by the others: of the one that accepts, and of another.
    @Test(arguments: [Dealt.byHand, .unix])
    func aLoopThatIsStopped(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            // The first accepts, as the first in turn.
            let listener = try await way.listen(group)
            let loops = Notes<Int>()
            async let serving: Void = listener.serve { stream in
                loops.add(group.index(of: stream.loop)!)
                try await echoing(stream)
            }
            try group.loops[1].execute { $0.stop() }
            try await eventually { group.loops[1].refusesPosts }
            for count in 1...4 {
                let peer = try RawSocket.connect(to: listener.addresses[0])
                try await eventually { loops.count == count }
                peer.close()
            }
            #expect(!loops.all.contains(1))
            // Nobody accepts any more: whoever serves returns.
            try group.loops[0].execute { $0.stop() }
            try await serving
            try await eventually { isFree(listener.addresses[0]) }
        }
    }

    @Test(arguments: Dealt.allCases)
    func withoutReferencesItCloses(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            var listener: GroupListener? = try await way.listen(group)
            let address = listener!.addresses[0]
            let peer = try RawSocket.connect(to: address)
            listener = nil
            try await eventually { isFree(address) }
            #expect(try await offThread { (try? peer.receiveToEnd()) ?? [] } == [])
            peer.close()
        }
    }

    @Test func serveInOneCall() async throws {
        try await withGroup(2) { group in
            let path = try TemporaryDirectory()
            defer { path.remove() }
            let address = try SocketAddress(unixPath: path.file("socket"))
            let serving = Task {
                try await group.serve(on: .address(address)) { try await echoing($0) }
            }
            try await eventually { !isFree(address) }
            let peer = try RawSocket.connect(to: address)
            try peer.send("hello")
            #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
            serving.cancel()
            await expectCancelled { try await serving.value }
            try await eventually { isFree(address) }
            peer.close()
        }
    }
}

/// A group whose listener serves an echo, and peers that are connected with it: each has a handler
/// that has begun.
private struct Echo {
    let listener: GroupListener
    let serving: Task<Void, any Error>
    let peers: [RawSocket]
    /// How many handlers were cancelled.
    let cancelled = Counter()

    init(_ group: EventLoopGroup, _ way: Dealt, peers count: Int) async throws {
        let listener = try await way.listen(group)
        let (begun, cancelled) = (Counter(), self.cancelled)
        serving = Task {
            try await listener.serve { stream in
                begun.increment()
                do {
                    try await echoing(stream)
                    if Task.isCancelled { cancelled.increment() }
                } catch {
                    if error is CancellationError { cancelled.increment() }
                    throw error
                }
            }
        }
        peers = try (0..<count).map { _ in try RawSocket.connect(to: listener.addresses[0]) }
        self.listener = listener
        try await eventually { begun.value == count }
    }
}
