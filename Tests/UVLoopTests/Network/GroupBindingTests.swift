import Glibc
import Testing

@testable import UVLoop

/// All addresses are bound for all loops, or none.
@Suite(.timeLimit(.minutes(1)))
struct GroupBindingTests {
    @Test(arguments: [EventLoopGroup.Distribution.system, .handedOver])
    func aPortThatIsTaken(_ distribution: EventLoopGroup.Distribution) async throws {
        try await withGroup(3) { group in
            let taken = try RawSocket.listener()
            let error = await failure {
                try await group.listen(
                    on: .address(.anyPortIPv6), .address(taken.localAddress),
                    distribution: distribution)
            }
            #expect((error as? EndpointError)?.code == .addressInUse)
            #expect((error as? EndpointError)?.endpoint == "\(taken.localAddress)")
            taken.close()
        }
    }

    /// That the group's sockets share a port does not let others have it without being asked.
    @Test(arguments: [EventLoopGroup.Distribution.system, .handedOver])
    func aSecondGroupOnTheSamePort(_ distribution: EventLoopGroup.Distribution) async throws {
        try await withGroup(2) { group in
            let listener = try await group.listen(
                on: .address(.anyPortIPv4), distribution: distribution)
            try await withGroup(2) { other in
                let error = await failure {
                    try await other.listen(
                        on: .address(listener.addresses[0]), distribution: distribution)
                }
                #expect((error as? EndpointError)?.code == .addressInUse)
            }
            await listener.close()
        }
    }

    @Test func twoGroupsThatShareAPort() async throws {
        var options = ListenOptions()
        options.reusePort = true
        try await withGroup(2) { [options] group in
            let listener = try await group.listen(on: .address(.anyPortIPv4), options: options)
            try await withGroup(2) { other in
                let second = try await other.listen(
                    on: .address(listener.addresses[0]), options: options)
                #expect(second.port == listener.port)
                let served = Notes<Int>()
                try await listener.serving { _ in
                    served.add(1)
                } while: {
                    try await second.serving { _ in
                        served.add(2)
                    } while: {
                        for _ in 0..<60 {
                            try RawSocket.connect(to: listener.addresses[0]).close()
                        }
                        try await eventually { served.count == 60 }
                    }
                }
                #expect(Set(served.all) == [1, 2])
            }
        }
    }

    @Test(arguments: [EventLoopGroup.Distribution.system, .handedOver])
    func bothFamiliesGetTheSamePort(_ distribution: EventLoopGroup.Distribution) async throws {
        try await withGroup(3) { group in
            let listener = try await group.listen(
                on: .host(nil, port: 0), distribution: distribution)
            #expect(Set(listener.addresses.map(\.port)) == [listener.port])
            try await listener.serving(echoing) {
                for host in ["127.0.0.1", "::1"] {
                    let peer = try RawSocket.connect(
                        to: SocketAddress(ip: host, port: listener.port))
                    try peer.send("hello")
                    #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
                    peer.close()
                }
            }
        }
    }

    @Test func theFileOfAUnixDomainSocketIsRemoved() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.file("socket")
        try await withGroup(2) { group in
            let listener = try await group.listen(on: .unix(path))
            let error = await failure { try await group.listen(on: .unix(path)) }
            #expect((error as? EndpointError)?.code == .addressInUse)
            #expect(access(path, F_OK) == 0)
            await listener.close()
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test func noEndpointsAtAll() async throws {
        try await withGroup(2) { group in
            let error = await failure { try await group.listen() }
            #expect((error as? EndpointError)?.code == .invalidArgument)
        }
    }

    /// Descriptors are counted, so in a process of its own.
    @Test func errorsLeaveNothingOpen() async {
        await #expect(processExitsWith: .success) {
            let group = try EventLoopGroup(count: 3)
            let taken = try RawSocket.listener()
            let before = openDescriptorCount()
            for distribution in [EventLoopGroup.Distribution.system, .handedOver] {
                for _ in 0..<10 {
                    for endpoints: [Endpoint] in [
                        [.address(.anyPortIPv4), .address(taken.localAddress)],
                        [.address(.unnamed), .address(taken.localAddress)],
                        [.address(.anyPortIPv4), .unix("no/such/folder")],
                        [.ip("no address", port: 0)],
                    ] {
                        let error = await failure {
                            try await group.listen(
                                on: endpoints[0], endpoints.last!, distribution: distribution)
                        }
                        precondition(error is EndpointError, "\(String(describing: error))")
                    }
                }
            }
            precondition(isBackTo(before))
            // When the loops are gone in the middle of it, as well.
            for number in 0..<30 {
                let group = try EventLoopGroup(count: 3)
                let ending = Task { await group.shutdown() }
                if number % 3 == 0 { await Task.yield() }
                _ = try? await group.listen(on: .address(.anyPortIPv4))
                _ = try? await group.listen(on: .address(.unnamed))
                await ending.value
            }
            precondition(isBackTo(before))
        }
    }

    /// Connections, too, whether they are served, dropped on the way, or waiting.
    @Test func connectionsLeaveNothingOpen() async {
        await #expect(processExitsWith: .success) {
            let group = try EventLoopGroup(count: 3)
            try await group.performOnAll { $0.exceptionHandler = { _ in } }

            func round(_ loop: isolated EventLoop, _ way: Dealt) async throws {
                let listener = try await way.listen(group)
                let begun = Counter()
                async let serving: Void = listener.serve { stream in
                    if begun.increment() % 3 == 0 { throw Mishap() }
                    try await echoing(stream)
                }
                var peers = try (0..<20).map { _ in
                    try RawSocket.connect(to: listener.addresses[0])
                }
                try await until(loop) { begun.value == 20 }
                // Some come while it closes.
                async let closing: Void = listener.close()
                for _ in 0..<10 {
                    guard let peer = try? RawSocket.connect(to: listener.addresses[0]) else {
                        break
                    }
                    peers.append(peer)
                }
                await closing
                for peer in peers { peer.close() }
                try await serving
            }

            try EventLoop.run { loop in
                for way in Dealt.allCases { try await round(loop, way) }
                let before = openDescriptorCount()
                for _ in 0..<10 {
                    for way in Dealt.allCases { try await round(loop, way) }
                }
                try await until(loop) { isBackTo(before) }
            }
        }
    }
}
