import Testing

@testable import UVLoop

/// How connections are made, and what becomes of those that cannot be.
@Suite(.timeLimit(.minutes(1)))
struct ConnectingTests {
    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6], ProtocolKind.allCases)
    func numericAddressesConnect(_ address: SocketAddress, _ kind: ProtocolKind) async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener(address)
            let recorder = kind.newRecorder()
            let target = listener.localAddress
            let transport = try await loop.dial(
                recorder, to: .ip(target.host, port: target.port))
            #expect(recorder.events == [.connectionMade])
            #expect(transport.remoteAddress == target)
            #expect(transport.localAddress?.family == target.family)
            let peer = try listener.accept()
            try peer.send("hello")
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.bytes == Array("hello".utf8))
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
            listener.close()
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1", nil])
    func namesAndNoNameConnect(_ host: String?) async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let recorder = PlainRecorder()
            let transport = try await loop.dial(recorder, to: .host(host, port: listener.port))
            #expect(transport.remoteAddress == listener.localAddress)
            transport.abort()
            listener.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test func theLocalAddressIsTaken() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let local = try SocketAddress(ip: "127.0.0.2", port: 0)
            let recorder = PlainRecorder()
            let transport = try await loop.dial(
                recorder, to: .address(listener.localAddress), from: local)
            #expect(transport.localAddress?.host == "127.0.0.2")
            transport.abort()
            listener.close()
            try await until(loop) { recorder.isLost }
        }
    }

    private func failure(
        _ loop: isolated EventLoop, _ endpoint: Endpoint, from local: SocketAddress? = nil,
        _ recorder: Recorder = PlainRecorder()
    ) async -> EndpointError? {
        do {
            let transport = try await loop.dial(recorder, to: endpoint, from: local)
            transport.abort()
            return nil
        } catch {
            return error as? EndpointError
        }
    }

    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6])
    func refusedNamesTheAddress(_ address: SocketAddress) async throws {
        try await onLoop { loop in
            let socket = try RawSocket.bound(address)
            let recorder = PlainRecorder()
            let error = await failure(loop, .address(socket.localAddress), recorder)
            #expect(error?.operation == .connect)
            #expect(error?.code == .connectionRefused)
            #expect(error?.endpoint == socket.localAddress.description)
            #expect(recorder.events == [])
            socket.close()
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func severalRefusalsAreCombined() async throws {
        try await onLoop { loop in
            // Nil is this machine, by both families.
            let (ipv4, ipv6) = try RawSocket.boundPair()
            let error = await failure(loop, .host(nil, port: ipv4.port))
            #expect(error?.endpoint == "*:\(ipv4.port)")
            let tried = error?.attempts.map(\.endpoint)
            #expect(tried == ["[::1]:\(ipv4.port)", "127.0.0.1:\(ipv4.port)"])
            #expect(error?.attempts.first?.code == .connectionRefused)
            ipv4.close()
            ipv6.close()
        }
    }

    @Test func theSecondAddressIsTriedAfterTheFirst() async throws {
        try await onLoop { loop in
            let (ipv4, ipv6) = try RawSocket.boundPair()
            try ipv4.startListening()
            let recorder = PlainRecorder()
            let transport = try await loop.dial(recorder, to: .host(nil, port: ipv4.port))
            #expect(transport.remoteAddress == ipv4.localAddress)
            #expect(recorder.count(of: .connectionMade) == 1)
            transport.abort()
            try await until(loop) { recorder.isLost }
            ipv4.close()
            ipv6.close()
        }
    }

    @Test(arguments: [
        Endpoint.ip("no address", port: 80), .ip("", port: 80), .ip("1.2.3.4", port: 65_536),
        .host("localhost", port: -1),
    ])
    func whatDoesNotParseIsRefused(_ endpoint: Endpoint) async throws {
        try await onLoop { loop in
            let error = await failure(loop, endpoint)
            #expect(error?.operation == .resolve)
            #expect(error?.code == .invalidArgument)
            #expect(error?.endpoint == endpoint.description)
        }
    }

    @Test(arguments: ["host.invalid", "", "a\0b"])
    func aHostThatDoesNotResolveIsNamed(_ host: String) async throws {
        try await onLoop { loop in
            let error = await failure(loop, .host(host, port: 80))
            #expect(error?.operation == .resolve)
            #expect(error?.endpoint == "\(host):80")
            #expect(error?.code.name.hasPrefix("EAI_") == true)
        }
    }

    @Test func aLocalAddressThatIsNotOursIsRefused() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let foreign = try SocketAddress(ip: "192.0.2.1", port: 0)
            let error = await failure(loop, .address(listener.localAddress), from: foreign)
            #expect(error?.code == .addressNotAvailable)
            let otherFamily = await failure(
                loop, .address(listener.localAddress), from: .anyPortIPv6)
            #expect(otherFamily?.code == .addressFamilyNotSupported)
            listener.close()
        }
    }

    @Test func aLocalAddressInUseIsRefused() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let error = await failure(
                loop, .address(listener.localAddress), from: listener.localAddress)
            #expect(error?.code == .addressInUse)
            listener.close()
        }
    }

    @Test func anErrorInConnectionMadeFailsTheConnect() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = { _ in throw Mishap("made") }
            let error = await failure(loop, .address(listener.localAddress), recorder)
            #expect(error?.code == .connectionAborted)
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError as? Mishap == Mishap("made"))
            #expect(recorder.livedByTheRules)
            listener.close()
        }
    }

    @Test(arguments: [true, false])
    func endedInConnectionMadeIsStillASuccess(_ gracefully: Bool) async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = {
                if gracefully { $0.transport.close() } else { $0.transport.abort() }
            }
            let transport = try await loop.dial(recorder, to: .address(listener.localAddress))
            #expect(transport.isClosed)
            let peer = try listener.accept()
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.livedByTheRules && recorder.lostError == nil)
            listener.close()
        }
    }

    @Test func bytesWrittenInConnectionMadeArrive() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = {
                try $0.transport.write("first")
                $0.transport.close()
            }
            _ = try await loop.dial(recorder, to: .address(listener.localAddress))
            let peer = try listener.accept()
            let bytes = try await offThread { try peer.receiveToEnd() }
            #expect(bytes == Array("first".utf8))
            peer.close()
            listener.close()
            try await until(loop) { recorder.isLost }
        }
    }
}
