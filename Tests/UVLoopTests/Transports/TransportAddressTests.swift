import CUV
import Testing

@testable import UVLoop

/// Addresses and options of a connection.
@Suite(.timeLimit(.minutes(1)))
struct TransportAddressTests {
    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6])
    func acceptedOnesStayReadableAfterClose(_ address: SocketAddress) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.keepsTransport = true
            let peer = try await loop.accept(recorder, on: address)
            let transport = recorder.transport
            let (local, remote) = (transport.localAddress, transport.remoteAddress)
            #expect(remote == peer.localAddress)
            #expect(local?.host == address.host && local?.port != 0)
            var inside: [SocketAddress?] = []
            recorder.hooks[.connectionLost] = {
                inside = [$0.transport.localAddress, $0.transport.remoteAddress]
            }
            transport.close()
            #expect(transport.localAddress == local && transport.remoteAddress == remote)
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(inside == [local, remote])
            #expect(transport.localAddress == local && transport.remoteAddress == remote)
            recorder.keptTransport = nil
        }
    }

    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6])
    func connectedOnesStayReadableAfterTheEnd(_ address: SocketAddress) async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener(address)
            let recorder = PlainRecorder()
            let transport = try await loop.dial(recorder, to: .address(listener.localAddress))
            let local = transport.localAddress
            #expect(local != nil && local?.port != 0)
            let peer = try listener.accept()
            peer.reset()
            try await until(loop) { recorder.isLost }
            #expect(transport.localAddress == local)
            #expect(transport.remoteAddress == listener.localAddress)
            listener.close()
        }
    }

    @Test func behindEveryInterfaceTheLocalAddressIsTheRealOne() async throws {
        try await onLoop { loop in
            for (any, real) in [("0.0.0.0", "127.0.0.1"), ("::", "::1")] {
                let recorder = PlainRecorder()
                recorder.keepsTransport = true
                let server = try loop.serve(on: try SocketAddress(ip: any, port: 0)) { recorder }
                let target = try SocketAddress(ip: real, port: server.port)
                let peer = try RawSocket.connect(to: target)
                try await until(loop) { recorder.isMade }
                let transport = recorder.transport
                #expect(transport.localAddress == target)
                peer.close()
                server.close()
                try await until(loop) { recorder.isLost }
                #expect(transport.localAddress == target)
                recorder.keptTransport = nil
            }
        }
    }

    private func option(_ transport: Transport, _ level: Int, _ name: Int) throws -> Int {
        try transport.socketOption(level: level, name: name)
    }

    @Test func noDelayIsOnAtFirstOnBothSides() async throws {
        try await onLoop { loop in
            let server = PlainRecorder()
            let listening = try loop.serve { server }
            let client = PlainRecorder()
            let transport = try await loop.dial(client, to: .address(listening.addresses[0]))
            try await until(loop) { server.isMade }
            let level = Int(IPPROTO_TCP)
            for side in [transport, server.transport] {
                #expect(try option(side, level, Int(TCP_NODELAY)) == 1)
                try side.setNoDelay(false)
                #expect(try option(side, level, Int(TCP_NODELAY)) == 0)
                try side.setNoDelay(true)
                #expect(try option(side, level, Int(TCP_NODELAY)) == 1)
            }
            transport.close()
            listening.close()
            try await listening.waitClosed()
        }
    }

    @Test func aServerMayLeaveNoDelayOff() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            var options = ListenOptions()
            options.noDelay = false
            let server = try loop.listen(onAddresses: .anyPortIPv4, options: options) { recorder }
            let peer = try RawSocket.connect(to: server.addresses[0])
            try await until(loop) { recorder.isMade }
            #expect(try option(recorder.transport, Int(IPPROTO_TCP), Int(TCP_NODELAY)) == 0)
            peer.close()
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func keepAliveAndBufferSizes() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder)
            let transport = recorder.transport
            try transport.setKeepAlive(after: .seconds(42))
            #expect(try option(transport, Int(SOL_SOCKET), Int(SO_KEEPALIVE)) == 1)
            #expect(try option(transport, Int(IPPROTO_TCP), Int(TCP_KEEPIDLE)) == 42)
            try transport.setKeepAlive(after: .milliseconds(1))
            #expect(try option(transport, Int(IPPROTO_TCP), Int(TCP_KEEPIDLE)) == 1)
            try transport.setKeepAlive(after: nil)
            #expect(try option(transport, Int(SOL_SOCKET), Int(SO_KEEPALIVE)) == 0)
            try transport.setSendBufferSize(20_000)
            #expect(try transport.sendBufferSize >= 20_000)
            try transport.setReceiveBufferSize(30_000)
            #expect(try transport.receiveBufferSize >= 30_000)
            try transport.setSocketOption(level: Int(IPPROTO_TCP), name: Int(TCP_QUICKACK), to: 1)
            #expect(throws: UVError.protocolNotAvailable) {
                try transport.setSocketOption(level: Int(IPPROTO_TCP), name: 9_999, to: 1)
            }
            #expect(try transport.fileDescriptor >= 0)
            transport.abort()
            #expect(throws: UVError.badFileDescriptor) { try transport.sendBufferSize }
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }
}
