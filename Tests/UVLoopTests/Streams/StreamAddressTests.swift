import CUV
import Testing

@testable import UVLoop

/// The addresses of a stream's two ends.
@Suite(.timeLimit(.minutes(1)))
struct StreamAddressTests {
    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6, .unnamed])
    func ofConnected(_ address: SocketAddress) async throws {
        let thread = try EventLoopThread(name: "addresses")
        let listener = try RawSocket.listener(address)
        let remote = listener.localAddress
        let stream = try await thread.loop.connect(to: .address(remote))
        let peer = try listener.accept()
        // From another thread, and on the loop's own.
        let local = await stream.localAddress
        let expected = try SocketAddress { cuv_peer_address(peer.descriptor, $0, $1) }
        #expect(local == expected)
        #expect(local?.host == address.host)
        #expect(stream.remoteAddress == remote)
        try await thread.loop.perform { _ in
            #expect(await stream.localAddress == local)
            #expect(stream.remoteAddress == remote)
        }
        for socket in [listener, peer] { socket.close() }
        try await stream.close()
        #expect(await stream.localAddress == local)
        #expect(stream.remoteAddress == remote)
        await thread.shutdown()
        #expect(await stream.localAddress == local)
        #expect(stream.remoteAddress == remote)
    }

    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6, .unnamed])
    func ofAccepted(_ address: SocketAddress) async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(address))
            let peer = try RawSocket.connect(to: listener.addresses[0])
            let stream = try #require(try await listener.accept())
            #expect(await stream.localAddress == listener.addresses[0])
            #expect(stream.remoteAddress == peer.localAddress)
            stream.abort()
            #expect(await stream.localAddress == listener.addresses[0])
            #expect(stream.remoteAddress == peer.localAddress)
            peer.close()
            await listener.close()
        }
    }

    @Test func ofAPipe() async throws {
        try await onLoop { loop in
            let (reading, writing) = try await loop.streamPipe()
            for end in [reading, writing] {
                #expect(await end.localAddress == nil)
                #expect(end.remoteAddress == nil)
                end.abort()
            }
        }
    }
}
