import Testing

@testable import UVLoop

/// Servers with protocols on all loops of a group.
@Suite(.timeLimit(.minutes(1)))
struct GroupServerTests {
    /// Returns every byte, and notes where it is called.
    private final class PinnedEcho: BufferedProtocol {
        private let group: EventLoopGroup
        private let places: Notes<Int>
        private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)
        private unowned var transport: Transport!
        private let thread = ThreadIdentity.current

        init(_ group: EventLoopGroup, _ places: Notes<Int>) {
            self.group = group
            self.places = places
        }

        deinit { memory.deallocate() }

        private func check() {
            #expect(transport.loop.isOnThread && ThreadIdentity.current == thread)
        }

        func connectionMade(_ transport: Transport) {
            self.transport = transport
            check()
            places.add(group.index(of: transport.loop)!)
        }

        func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { memory }

        func bufferUpdated(_ count: Int) throws {
            check()
            try transport.write(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        }

        func connectionLost(_ error: (any Error)?) { check() }
    }

    @Test(arguments: Dealt.allCases)
    func connectionsComeToAllLoopsAndStay(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let places = Notes<Int>()
            let server = try await group.listen(on: way.endpoint, distribution: way.distribution) {
                PinnedEcho(group, places)
            }
            let peers = try (0..<60).map { _ in try RawSocket.connect(to: server.addresses[0]) }
            for peer in peers { try peer.send("hello") }
            for peer in peers {
                #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
            }
            let counts = await server.connectionCounts
            #expect(counts.reduce(0, +) == 60)
            #expect(counts == (0..<3).map { index in places.all.count { $0 == index } })
            if way == .bySystem {
                #expect(counts.count { $0 > 0 } > 1, "\(counts)")
            } else {
                #expect(counts == [20, 20, 20])
            }
            for peer in peers { peer.close() }
            try await eventually { await server.connectionCounts == [0, 0, 0] }
            try await server.shutdown(grace: .seconds(50))
        }
    }

    @Test(arguments: Dealt.allCases)
    func shutdownWithClientsOpen(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let server = try await group.listen(on: way.endpoint, distribution: way.distribution) {
                EchoProtocol()
            }
            let peers = try (0..<12).map { _ in try RawSocket.connect(to: server.addresses[0]) }
            try await eventually { await server.connectionCounts.reduce(0, +) == 12 }
            async let closed: Void = server.waitClosed()
            try await server.shutdown(grace: .milliseconds(20))
            try await closed
            #expect(await server.connectionCounts == [0, 0, 0])
            #expect(throws: UVError.connectionRefused) {
                try RawSocket.connect(to: server.addresses[0])
            }
            for peer in peers {
                #expect(try await offThread { (try? peer.receiveToEnd()) ?? [] } == [])
                peer.close()
            }
        }
    }

    @Test(arguments: Dealt.allCases)
    func waitClosedThatIsCancelledLeavesItListening(_ way: Dealt) async throws {
        try await withGroup(2) { group in
            let server = try await group.listen(on: way.endpoint, distribution: way.distribution) {
                EchoProtocol()
            }
            let waiting = Task { try await server.waitClosed() }
            waiting.cancel()
            await expectCancelled { try await waiting.value }
            let peer = try RawSocket.connect(to: server.addresses[0])
            try peer.send("hello")
            #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
            peer.close()
            try await server.shutdown(grace: .seconds(50))
        }
    }

    /// Connections that no protocol could be made for are not counted for ever.
    @Test(arguments: Dealt.allCases)
    func aFactoryThatThrows(_ way: Dealt) async throws {
        try await withGroup(3) { group in
            let reports = Notes<CallbackSource>()
            try await group.performOnAll { loop in
                loop.exceptionHandler = { reports.add($0.source) }
            }
            var options = ListenOptions()
            options.maxConnections = 6
            let made = Counter()
            let server = try await group.listen(
                on: way.endpoint, options: options, distribution: way.distribution
            ) {
                if made.increment() % 2 == 0 { throw Mishap() }
                return EchoProtocol()
            }
            var answered = 0
            for _ in 0..<40 {
                let peer = try RawSocket.connect(to: server.addresses[0])
                try? peer.send("hello")
                if try await offThread({ (try? peer.receive(exactly: 5))?.count == 5 }) {
                    answered += 1
                }
                peer.close()
            }
            #expect(answered == 20)
            #expect(reports.all.count { $0 == .serverFactory } == 20)
            try await server.shutdown(grace: .seconds(50))
        }
    }

    /// As a server of one loop, it needs no reference.
    @Test(arguments: Dealt.allCases)
    func withoutReferencesItGoesOn(_ way: Dealt) async throws {
        try await withGroup(2) { group in
            let address = try await group.listen(
                on: way.endpoint, distribution: way.distribution
            ) { EchoProtocol() }.addresses[0]
            for _ in 0..<4 {
                let peer = try RawSocket.connect(to: address)
                try peer.send("hello")
                #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
                peer.close()
            }
        }
    }

    @Test(arguments: Dealt.allCases)
    func afterItsGroup(_ way: Dealt) async throws {
        let group = try EventLoopGroup(count: 2)
        let server = try await group.listen(on: way.endpoint, distribution: way.distribution) {
            EchoProtocol()
        }
        let peer = try RawSocket.connect(to: server.addresses[0])
        try await eventually { await server.connectionCounts.reduce(0, +) == 1 }
        async let closed: Void = server.waitClosed()
        await group.shutdown()
        try await closed
        await server.close()
        try await server.shutdown(grace: .seconds(50))
        #expect(await server.connectionCounts == [0, 0])
        peer.close()
    }
}
