import CUV
import Testing

@testable import UVLoop

/// What datagram transports send and receive.
@Suite(.timeLimit(.minutes(1)))
struct DatagramTransportTests {
    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6])
    func echo(_ address: SocketAddress) async throws {
        try await onLoop { loop in
            let transport = try loop.openDatagram(boundToAddress: address, DatagramEcho())
            let local = transport.localAddress
            #expect(local.port != 0)
            #expect(transport.remoteAddress == nil)
            let answers = try await offThread {
                let peer = try RawDatagramSocket(address)
                defer { peer.close() }
                return try ["one", "", "three"].map { text in
                    try peer.send(text, to: local)
                    return try peer.receiveText()
                }
            }
            #expect(answers == ["one", "", "three"])
            transport.close()
        }
    }

    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6])
    func connectedSocketsTalkToEachOther(_ address: SocketAddress) async throws {
        try await onLoop { loop in
            let (server, client) = (DatagramRecorder(), DatagramRecorder())
            let target = try loop.openDatagram(boundToAddress: address, server).localAddress
            let transport = try loop.openDatagram(connectedToAddress: target, client)
            #expect(transport.remoteAddress == target)
            #expect(transport.localAddress.host == target.host)
            try transport.send("question")
            try await until(loop) { server.texts == ["question"] }
            #expect(server.datagrams[0].sender == transport.localAddress)
            try server.transport.send("answer", to: server.datagrams[0].sender)
            try await until(loop) { client.texts == ["answer"] }
            #expect(client.datagrams[0].sender == target)
        }
    }

    @Test func aConnectedSocketHearsItsPeerOnly() async throws {
        try await onLoop { loop in
            let (peer, stranger) = (try RawDatagramSocket(), try RawDatagramSocket())
            let recorder = DatagramRecorder()
            let local = try loop.openDatagram(
                boundToAddress: .anyPortIPv4, connectedToAddress: peer.localAddress, recorder
            ).localAddress
            try stranger.send("stranger", to: local)
            try peer.send("peer", to: local)
            try await until(loop) { !recorder.datagrams.isEmpty }
            #expect(recorder.texts == ["peer"])
            peer.close()
            stranger.close()
        }
    }

    @Test func emptyDatagramsAreDatagrams() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let peer = try RawDatagramSocket()
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            for text in ["", "a", "", ""] { try peer.send(text, to: transport.localAddress) }
            try await until(loop) { recorder.datagrams.count == 4 }
            #expect(recorder.texts == ["", "a", "", ""])
            #expect(recorder.datagrams.allSatisfy { $0.sender == peer.localAddress })
            try transport.send([UInt8](), to: peer.localAddress)
            try transport.send("", to: peer.localAddress)
            let received = try await offThread { [try peer.receive(), try peer.receive()] }
            #expect(received == [[], []])
            peer.close()
        }
    }

    @Test func theLargestDatagramGoesAndALargerOneIsRefused() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            let address = transport.localAddress
            let largest = (0..<65_507).map { UInt8(truncatingIfNeeded: $0) }
            #expect(throws: UVError.messageTooLong) {
                try transport.send(largest + [0], to: address)
            }
            try transport.send(largest, to: address)
            try await until(loop) { !recorder.datagrams.isEmpty }
            #expect(recorder.datagrams == [Datagram(largest, from: address)])
            #expect(!transport.isClosed)
            #expect(recorder.errors == [])
        }
    }

    /// libuv puts what one system call takes into places that are 64 KiB apart.
    @Test func oneSystemCallTakesSeveralDatagrams() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            try #require(uv_udp_using_recvmmsg(transport.udp) == 1)
            let peer = try RawDatagramSocket()
            // The loop does not turn meanwhile.
            for number in 0..<50 { try peer.send("\(number)", to: transport.localAddress) }
            try await until(loop) { recorder.datagrams.count == 50 }
            #expect(recorder.texts == (0..<50).map { "\($0)" })
            let steps = zip(recorder.places, recorder.places.dropFirst()).map { $1 &- $0 }
            // Calls of 20, 20 and 10 datagrams.
            #expect(steps.count { $0 == 65_536 } == 47)
            peer.close()
        }
    }

    @Test func everyKindOfBytesCanBeSent() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            let address = transport.localAddress
            let bytes: [UInt8] = [49, 50]
            try transport.send(bytes, to: address)
            try transport.send(bytes[1...], to: address)
            try transport.send("text", to: address)
            try bytes.withUnsafeBytes { try transport.send($0, to: address) }
            try transport.send(bytes.span.bytes, to: address)
            try transport.send(bytes.reversed(), to: address)
            try transport.sendAll(["a", "", "b"], to: address)
            try await until(loop) { recorder.datagrams.count == 9 }
            #expect(recorder.texts == ["12", "2", "text", "12", "12", "21", "a", "", "b"])
        }
    }

    @Test func theAddressHasToFitTheSocket() async throws {
        try await onLoop { loop in
            let open = try loop.openDatagram(boundToAddress: .anyPortIPv4, DatagramRecorder())
            let connected = try loop.openDatagram(
                connectedToAddress: open.localAddress, DatagramRecorder())
            #expect(throws: UVError.destinationAddressRequired) { try open.send("") }
            #expect(throws: UVError.destinationAddressRequired) { try open.sendAll([""]) }
            #expect(throws: UVError.socketIsConnected) {
                try connected.send("", to: open.localAddress)
            }
            #expect(throws: UVError.self) { try open.send("", to: .anyPortIPv6) }
        }
    }

    @Test func aRefusalDoesNotCloseTheSocket() async throws {
        try await onLoop { loop in
            // One that listens to somebody else, so that the others are refused.
            let (peer, other) = (try RawDatagramSocket(), try RawDatagramSocket())
            try peer.connect(to: other.localAddress)
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(connectedToAddress: peer.localAddress, recorder)
            try transport.send("lost")
            try await until(loop) { recorder.errors == [.connectionRefused] }
            #expect(!transport.isClosed)
            try peer.connect(to: transport.localAddress)
            try transport.send("heard")
            let text = try await offThread { try peer.receiveText() }
            #expect(text == "heard")
            try peer.send("answer")
            try await until(loop) { recorder.texts == ["answer"] }
            #expect(recorder.errors == [.connectionRefused])
            peer.close()
            other.close()
        }
    }

    @Test func sendingThrowsWhatIsKnownByThen() async throws {
        try await onLoop { loop in
            let (peer, other) = (try RawDatagramSocket(), try RawDatagramSocket())
            try peer.connect(to: other.localAddress)
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(connectedToAddress: peer.localAddress, recorder)
            // On the loopback interface the refusal is there when this returns.
            try transport.send("lost")
            #expect(throws: UVError.connectionRefused) { try transport.send("not sent") }
            try peer.connect(to: transport.localAddress)
            try transport.send("heard")
            let text = try await offThread { try peer.receiveText() }
            #expect(text == "heard")
            #expect(recorder.errors == [])
            peer.close()
            other.close()
        }
    }

    /// IP brings none that are too long, so libuv is acted here.
    @Test func aTruncatedDatagramIsToldApart() async throws {
        final class Plain: DatagramProtocol {
            var errors: [UVError] = []
            func datagramReceived(_ bytes: RawSpan, from sender: SocketAddress) {
                Issue.record("not as a whole one")
            }
            func errorReceived(_ error: UVError) { errors.append(error) }
        }
        try await onLoop { loop in
            let (plain, recorder) = (Plain(), DatagramRecorder())
            let first = try loop.openDatagram(boundToAddress: .anyPortIPv4, plain)
            let second = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            for transport in [first, second] {
                let bytes: [UInt8] = [1, 2, 3]
                bytes.withUnsafeBytes { bytes in
                    transport.localAddress.withSockaddr { sender, _ in
                        transport.didReceive(
                            3, bytes.baseAddress, from: sender, UV_UDP_PARTIAL.rawValue)
                    }
                }
            }
            #expect(plain.errors == [.messageTooLong])
            #expect(recorder.events == [.connectionMade, .truncatedDatagramReceived])
            #expect(recorder.datagrams.map(\.bytes) == [[1, 2, 3]])
        }
    }
}
