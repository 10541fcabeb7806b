import CUV
import Foundation
import Testing

@testable import UVLoop

/// Descriptors that are handed over: sockets of each kind, and what is refused.
@Suite(.timeLimit(.minutes(1)))
struct AdoptingTests {
    /// Two sockets that are connected with each other.
    private func pair(_ wire: Wire) throws -> (ours: Int32, peer: RawSocket) {
        let listener = try RawSocket.listener(wire.address)
        let ours = try RawSocket.connect(to: listener.localAddress)
        let peer = try listener.accept()
        listener.close()
        return (ours.descriptor, peer)
    }

    private func adopt(
        _ loop: isolated EventLoop, _ descriptor: Int32, _ recorder: Recorder
    ) throws(UVError) -> Transport {
        if let recorder = recorder as? PlainRecorder {
            return try loop.adopt(descriptor: descriptor, recorder)
        }
        return try loop.adopt(descriptor: descriptor, recorder as! BufferedRecorder)
    }

    @Test(arguments: ProtocolKind.allCases, Wire.allCases)
    func aConnectedSocketIsAdopted(_ kind: ProtocolKind, _ wire: Wire) async throws {
        try await onLoop { loop in
            let (ours, peer) = try pair(wire)
            let peerAddress = peer.localAddress
            let recorder = kind.newRecorder()
            let transport = try adopt(loop, ours, recorder)
            #expect(recorder.events == [.connectionMade] && recorder.transport === transport)
            #expect(try transport.fileDescriptor == ours)
            #expect(fcntl(ours, F_GETFL) & O_NONBLOCK != 0)
            #expect(fcntl(ours, F_GETFD) & FD_CLOEXEC != 0)
            #expect(transport.remoteAddress == peerAddress)
            #expect(transport.localAddress?.family == peerAddress.family)
            var random = SeededGenerator(seed: 3)
            let sent = random.bytes(2_000_000)
            try transport.write(sent)
            let received = try await offThread {
                let bytes = try peer.receive(exactly: sent.count)
                try peer.send("thanks")
                peer.close()
                return bytes
            }
            let isWhole = received == sent
            #expect(isWhole)
            try await until(loop) { recorder.isLost }
            #expect(recorder.bytes == Array("thanks".utf8))
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    @Test func anAdoptedTCPSocketHasNoDelay() async throws {
        try await onLoop { loop in
            let (ours, peer) = try pair(.tcp)
            let transport = try loop.adopt(descriptor: ours, PlainRecorder())
            let option = try transport.socketOption(
                level: Int(IPPROTO_TCP), name: Int(TCP_NODELAY))
            #expect(option == 1)
            transport.abort()
            peer.close()
        }
    }

    @Test func bothEndsOfASocketPair() async throws {
        try await onLoop { loop in
            let pair = try EventLoop.socketPair()
            let (left, right) = (PlainRecorder(), PlainRecorder())
            let first = try loop.adopt(descriptor: pair.0, left)
            let second = try loop.adopt(descriptor: pair.1, right)
            #expect(first.remoteAddress == .unnamed && first.localAddress == .unnamed)
            try first.write([UInt8](repeating: 1, count: 1_000_000))
            try second.write("hello")
            first.writeEOF()
            second.close()
            try await until(loop) { left.isLost && right.isLost }
            #expect(left.bytes == Array("hello".utf8))
            #expect(left.lostError == nil && right.lostError == nil)
            #expect(first.sentByteCount == 1_000_000)
        }
    }

    @Test func aPeerThatHasGoneBeforeIsAnEnd() async throws {
        try await onLoop { loop in
            let pair = try EventLoop.socketPair()
            let peer = RawSocket(descriptor: pair.1)
            try peer.send("last words")
            peer.close()
            let recorder = PlainRecorder()
            try loop.adopt(descriptor: pair.0, recorder)
            try await until(loop) { recorder.isLost }
            #expect(recorder.bytes == Array("last words".utf8))
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    @Test func whatConnectionMadeThrowsEndsIt() async throws {
        try await onLoop { loop in
            let pair = try EventLoop.socketPair()
            let peer = RawSocket(descriptor: pair.1)
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = { _ in throw Mishap("no") }
            let transport = try loop.adopt(descriptor: pair.0, recorder)
            #expect(transport.isClosed)
            let bytes = try await offThread { try peer.receiveToEnd() }
            #expect(bytes == [])
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError as? Mishap == Mishap("no"))
            peer.close()
        }
    }

    // MARK: What is refused

    /// Whether the descriptor is still open, and not changed.
    private func isUntouched(_ descriptor: Int32) -> Bool {
        fcntl(descriptor, F_GETFD) >= 0 && fcntl(descriptor, F_GETFL) & O_NONBLOCK == 0
    }

    private func expectRefusal(
        _ loop: isolated EventLoop, _ descriptor: Int32, _ code: UVError,
        place: SourceLocation = #_sourceLocation
    ) async throws {
        let recorder = PlainRecorder()
        #expect(throws: code, sourceLocation: place) {
            try loop.adopt(descriptor: descriptor, recorder)
        }
        #expect(isUntouched(descriptor), sourceLocation: place)
        cuv_close(descriptor)
        try await until(loop, place: place) { !loop.core.hasUserHandles }
        #expect(recorder.events == [], sourceLocation: place)
    }

    @Test func filesAndDevicesAreRefused() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            try directory.write("text", to: "file")
            let file = open(directory.file("file"), O_RDWR | O_CLOEXEC)
            try await expectRefusal(loop, file, .inappropriateFileType)
            let folder = open(directory.path, O_RDONLY | O_CLOEXEC)
            try await expectRefusal(loop, folder, .inappropriateFileType)
            let device = open("/dev/null", O_RDWR | O_CLOEXEC)
            try await expectRefusal(loop, device, .inappropriateFileType)
            #expect(try directory.text(of: "file") == "text")
        }
    }

    @Test func terminalsAreRefused() async throws {
        try await onLoop { loop in
            let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            try #require(terminal >= 0)
            try await expectRefusal(loop, terminal, .inappropriateFileType)
        }
    }

    @Test func otherSocketsAreRefused() async throws {
        try await onLoop { loop in
            let datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
            try await expectRefusal(loop, datagrams, .inappropriateFileType)
            var packets: [Int32] = [-1, -1]
            let type = Int32(SOCK_SEQPACKET.rawValue) | O_CLOEXEC
            #expect(socketpair(AF_UNIX, type, 0, &packets) == 0)
            try await expectRefusal(loop, packets[0], .inappropriateFileType)
            try await expectRefusal(loop, packets[1], .inappropriateFileType)
        }
    }

    @Test(arguments: Wire.allCases)
    func socketsWithoutAPeerAreRefused(_ wire: Wire) async throws {
        try await onLoop { loop in
            try await expectRefusal(
                loop, try RawSocket.bound(wire.address).descriptor, .notConnected)
            try await expectRefusal(
                loop, try RawSocket.listener(wire.address).descriptor, .notConnected)
        }
    }

    @Test func aFIFOInBothDirectionsIsRefused() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            #expect(mkfifo(directory.file("fifo"), 0o600) == 0)
            let fifo = open(directory.file("fifo"), O_RDWR | O_CLOEXEC)
            try await expectRefusal(loop, fifo, .inappropriateFileType)
        }
    }

    @Test(arguments: [-1, 100_000_000])
    func noDescriptorIsRefused(_ descriptor: Int32) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            #expect(throws: UVError.badFileDescriptor) {
                try loop.adopt(descriptor: descriptor, recorder)
            }
            #expect(recorder.events == [])
        }
    }

    @Test func whatTheLoopHasAlreadyIsRefused() async throws {
        try await onLoop { loop in
            let pair = try EventLoop.socketPair()
            let first = PlainRecorder()
            try loop.adopt(descriptor: pair.0, first)
            // Until it is told to the kernel libuv does not know of it.
            await turns(loop, for: .zero)
            let second = PlainRecorder()
            #expect(throws: UVError.fileExists) {
                try loop.adopt(descriptor: pair.0, second)
            }
            let peer = RawSocket(descriptor: pair.1)
            try peer.send("still there")
            try await until(loop) { first.byteCount == 11 }
            #expect(second.events == [])
            peer.close()
            try await until(loop) { first.isLost }
        }
    }

    @Test func aLoopThatIsClosedRefuses() async throws {
        try await offThread {
            let pair = try EventLoop.socketPair()
            let loop = try EventLoop()
            try loop.close()
            #expect(throws: UVError.canceled) {
                try loop.adopt(descriptor: pair.0, PlainRecorder())
            }
            #expect(isUntouched(pair.0))
            cuv_close(pair.0)
            cuv_close(pair.1)
        }
    }

    @Test func thePairsAreBlockingAndNotInherited() throws {
        let sockets = try EventLoop.socketPair()
        let pipe = try EventLoop.pipe()
        for descriptor in [sockets.0, sockets.1, pipe.reading, pipe.writing] {
            #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
            #expect(isUntouched(descriptor))
            cuv_close(descriptor)
        }
    }
}
