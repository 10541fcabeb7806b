import CUV
import Foundation
import Testing

@testable import UVLoop

/// What is different about connections over Unix-domain sockets.
@Suite(.timeLimit(.minutes(1)))
struct UnixTransportTests {
    @Test(arguments: [true, false])
    func addressesStayReadable(_ isAbstract: Bool) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let path = isAbstract ? "\0uvloop \(UUID())" : directory.file("socket")
            let address = try SocketAddress(unixPath: path)
            let accepted = PlainRecorder()
            accepted.keepsTransport = true
            let server = try loop.listen(onAddresses: address) { accepted }
            let client = PlainRecorder()
            let transport = try await loop.dial(client, to: .unix(path))
            try await until(loop) { accepted.isMade }
            let far = accepted.keptTransport!
            for _ in 0..<2 {
                #expect(transport.remoteAddress == address)
                #expect(transport.localAddress == .unnamed)
                #expect(far.remoteAddress == .unnamed)
                #expect(far.remoteAddress?.path == "")
                #expect(far.localAddress == address)
                transport.close()
                try await until(loop) { client.isLost && accepted.isLost }
            }
            accepted.keptTransport = nil
            server.close()
        }
    }

    @Test func aPeerWithANameIsNamed() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let accepted = PlainRecorder()
            let server = try await loop.listen(on: .unix(directory.file("server"))) { accepted }
            let peer = try RawSocket.bound(SocketAddress(unixPath: directory.file("client")))
            let result = server.addresses[0].withSockaddr { cuv_connect(peer.descriptor, $0, $1) }
            #expect(result == 0)
            try await until(loop) { accepted.isMade }
            #expect(accepted.transport.remoteAddress?.path == directory.file("client"))
            peer.close()
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func optionsOfTCPAreRefused() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: .unnamed)
            let transport = recorder.transport
            #expect(throws: UVError.notSupported) { try transport.setNoDelay(true) }
            #expect(throws: UVError.notSupported) { try transport.setKeepAlive(after: .seconds(1)) }
            try transport.setSendBufferSize(20_000)
            #expect(try transport.sendBufferSize >= 20_000)
            try transport.setReceiveBufferSize(20_000)
            #expect(try transport.receiveBufferSize >= 20_000)
            let type = try transport.socketOption(level: Int(SOL_SOCKET), name: Int(SO_TYPE))
            #expect(type == Int(SOCK_STREAM.rawValue))
            transport.abort()
            #expect(throws: UVError.badFileDescriptor) { try transport.setNoDelay(true) }
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    /// A peer that closes with unread input resets the connection.
    @Test(arguments: [true, false])
    func aResetIsTheError(_ isPaused: Bool) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: .unnamed)
            if isPaused { recorder.transport.pauseReading() }
            try recorder.transport.write("never read")
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.uvError == .connectionReset)
            #expect(recorder.livedByTheRules)
        }
    }

    /// Unlike that of TCP, a peer that has closed hangs up at once: that must not keep the loop
    /// busy while we write on.
    @Test func aHangUpDoesNotKeepTheLoopBusy() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.keepsOpen = true
            let peer = try await loop.accept(recorder, on: .unnamed)
            peer.close()
            try await until(loop) { recorder.count(of: .eofReceived) == 1 }
            var turned = 0
            let check = try Check(loop) { turned += 1 }
            check.start()
            await turns(loop, for: .milliseconds(200))
            check.close()
            #expect(turned < 100)
            try recorder.transport.write("anyone?")
            try await until(loop) { recorder.isLost }
            #expect(recorder.uvError == .brokenPipe)
        }
    }

    /// The objects of connections are what idle ones cost: 88 bytes is a size that the allocator
    /// has, and one word more would cost two.
    @Test func theObjectsAreAsSmallAsTheyWereForTCPAlone() {
        #expect(instanceSize(Transport.self) <= 88)
    }

    /// The same for streams: 104 and 24 are sizes that the allocator has.
    @Test func theObjectsOfStreamsAreSmall() {
        #expect(instanceSize(StreamCore.self) <= 104)
        #expect(instanceSize(SocketStream.self) <= 24)
        #expect(instanceSize(WaitingRoom.self) <= 40)
    }
}

/// How large the objects of a class are; the standard library's, which does not show it.
@_silgen_name("$ss36_class_getInstancePositiveExtentSizeySiyXlXpF")
private func instanceSize(_ type: AnyClass) -> Int
