import CUV
import Glibc
import Testing

@testable import UVLoop

/// Files that cannot be sent, or not without being read.
@Suite struct SendFileErrorTests {
    /// Nothing has happened: the stream sends afterwards, and nothing came before.
    private func expectError<E: Error & Equatable & Sendable>(
        _ error: E, place: SourceLocation = #_sourceLocation,
        _ send: @escaping @Sendable (SocketStream, TemporaryDirectory) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw()
                await #expect(throws: error, sourceLocation: place) {
                    try await send(stream, directory)
                }
                try await stream.send("whole")
                try await stream.sendEOF()
                let received = try await offThread { try peer.receiveToEnd() }
                #expect(received == Array("whole".utf8), sourceLocation: place)
                peer.close()
                try await stream.close()
            }
        }
    }

    @Test func filesThatCannotBeOpened() async throws {
        try await expectError(UVError.noSuchFileOrDirectory) { stream, directory in
            try await stream.sendFile(directory.file("nothing"))
        }
        try await expectError(UVError.noSuchFileOrDirectory) { stream, _ in
            try await stream.sendFile("")
        }
        try await expectError(UVError.notDirectory) { stream, directory in
            try await stream.sendFile(try directory.make("file", [1]) + "/file")
        }
        try await expectError(UVError.noSuchAddressOrDevice) { stream, directory in
            let socket = try RawSocket(boundTo: directory.file("socket"))
            defer { socket.close() }
            try await stream.sendFile(directory.file("socket"))
        }
    }

    @Test(.enabled("the superuser may open everything") { geteuid() != 0 })
    func filesOfOthers() async throws {
        try await expectError(UVError.permissionDenied) { stream, directory in
            let path = try directory.make("file", [1])
            chmod(path, 0)
            try await stream.sendFile(path)
        }
    }

    @Test func directories() async throws {
        try await expectError(UVError.isDirectory) { stream, directory in
            try await stream.sendFile(directory.path)
        }
        try await expectError(UVError.isDirectory) { stream, directory in
            let descriptor = try openForReading(directory.path)
            defer { close(descriptor) }
            try await stream.sendFile(descriptor: descriptor, count: 0)
        }
    }

    @Test func descriptorsThatCannotBeRead() async throws {
        try await expectError(UVError.badFileDescriptor) { stream, _ in
            try await stream.sendFile(descriptor: -1)
        }
        try await expectError(UVError.badFileDescriptor) { stream, directory in
            let descriptor = open(try directory.make("file", [1, 2]), O_WRONLY | O_CLOEXEC)
            defer { close(descriptor) }
            try await stream.sendFile(descriptor: descriptor)
        }
        try await expectError(UVError.badFileDescriptor) { stream, _ in
            let (reading, writing) = makePipe()
            defer { for end in [reading, writing] { close(end) } }
            try await stream.sendFile(descriptor: writing)
        }
        try await expectError(UVError.illegalSeek) { stream, _ in
            let (reading, writing) = makePipe()
            defer { for end in [reading, writing] { close(end) } }
            try writeAll([1, 2, 3], to: writing)
            try await stream.sendFile(descriptor: reading, from: 1)
        }
    }

    @Test func argumentsWithoutSense() async throws {
        try await expectError(StreamError.invalidArgument) { stream, directory in
            try await stream.sendFile(try directory.make("file", [1]), from: -1)
        }
        try await expectError(StreamError.invalidArgument) { stream, directory in
            try await stream.sendFile(try directory.make("file", [1]), count: -1)
        }
        try await expectError(StreamError.invalidArgument) { stream, _ in
            try await stream.sendFile(descriptor: 0, from: .min)
        }
        try await expectError(StreamError.invalidArgument) { stream, _ in
            try await stream.sendFile(descriptor: 0, count: .min)
        }
        try await expectError(StreamError.invalidArgument) { stream, directory in
            try await stream.sendFile(try directory.make("file", [1]) + "\0.txt")
        }
    }

    @Test func withoutDescriptorsToSpare() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, bytes) = try directory.make("file", count: 100_000)
                try EventLoop.run { loop in
                    let (stream, peer) = try await loop.connectToRaw()
                    // Once before, so that the pool has what it needs.
                    try await stream.sendFile(path)
                    #expect(try peer.receive(exactly: bytes.count) == bytes)
                    var shortage = DescriptorShortage()
                    await #expect(throws: UVError.tooManyOpenFiles) {
                        try await stream.sendFile(path)
                    }
                    shortage.end()
                    try await stream.sendFile(path)
                    #expect(try peer.receive(exactly: bytes.count) == bytes)
                    peer.close()
                    try await stream.close()
                }
            }
        }
    }

    // MARK: Files that have to be read

    @Test func filesWithoutASize() async throws {
        for path in ["/proc/version", "/proc/cpuinfo", "/proc/filesystems"] {
            let descriptor = try openForReading(path)
            let text = try RawSocket(descriptor: descriptor).readToEnd()
            close(descriptor)
            #expect(text.count > 0)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw()
                async let received = offThread { try peer.receiveToEnd() }
                // What they say of the processors' speed changes all the time; the length hardly.
                let whole = try await stream.sendFile(path)
                #expect(whole > 0)
                #expect(try await stream.sendFile(path, from: 5, count: 10) == 10)
                try await stream.sendEOF()
                let bytes = try await received
                #expect(bytes.count == whole + 10)
                #expect(bytes.suffix(10) == text[5..<15])
                if path != "/proc/cpuinfo" { #expect(bytes.prefix(whole) == text[...]) }
                peer.close()
                try await stream.close()
            }
        }
    }

    @Test func devices() async throws {
        try await onLoop { loop in
            let (stream, peer) = try await loop.connectToRaw()
            async let received = offThread { try peer.receiveToEnd() }
            #expect(try await stream.sendFile("/dev/zero", count: 200_000) == 200_000)
            #expect(try await stream.sendFile("/dev/null") == 0)
            try await stream.sendEOF()
            #expect(try await received == [UInt8](repeating: 0, count: 200_000))
            peer.close()
            try await stream.close()
        }
    }

    @Test(arguments: [false, true])
    func pipes(_ smallBuffers: Bool) async throws {
        var random = SeededGenerator(seed: 3)
        let bytes = random.bytes(1_000_000)
        try await onLoop { loop in
            let (stream, peer) = try await loop.connectToRaw(smallBuffers: smallBuffers)
            let (reading, writing) = makePipe()
            async let written: Void = offThread {
                defer { close(writing) }
                try writeAll(bytes, to: writing)
            }
            async let received = offThread { try peer.receiveToEnd() }
            #expect(try await stream.sendFile(descriptor: reading, count: 100_000) == 100_000)
            #expect(try await stream.sendFile(descriptor: reading) == 900_000)
            try await written
            close(reading)
            try await stream.sendEOF()
            #expect(try await received == bytes)
            peer.close()
            try await stream.close()
        }
    }

    /// Nobody writes to it when it is opened, and nothing comes at first.
    @Test func pipesWithAName() async throws {
        try await withDirectory { directory in
            let path = directory.file("pipe")
            #expect(mkfifo(path, 0o600) == 0)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw()
                let sending = loop.spawn { _ in try await stream.sendFile(path) }
                // Waits until somebody reads.
                let writing = try await offThread { open(path, O_WRONLY | O_CLOEXEC) }
                for text in ["hello", "more"] {
                    try writeAll(Array(text.utf8), to: writing)
                    let received = try await offThread { try peer.receive(exactly: text.count) }
                    #expect(received == Array(text.utf8))
                }
                close(writing)
                #expect(try await sending.value == 9)
                peer.close()
                try await stream.close()
            }
        }
    }

    /// A wait for a pipe's bytes can be cut off like any other.
    @Test func pipesThatSayNothing() async throws {
        try await onLoop { loop in
            let (stream, peer) = try await loop.connectToRaw()
            let (reading, writing) = makePipe()
            let sending = loop.spawn { _ in try await stream.sendFile(descriptor: reading) }
            await turns(loop, for: .milliseconds(5))
            sending.cancel()
            await #expect(throws: CancellationError.self) { try await sending.value }
            await #expect(throws: StreamError.broken(.canceled)) { try await stream.send("more") }
            stream.abort()
            peer.close()

            let (other, otherPeer) = try await loop.connectToRaw()
            await #expect(throws: StreamError.timedOut) {
                try await other.sendFile(descriptor: reading, timeout: .milliseconds(1))
            }
            other.abort()
            otherPeer.close()
            for end in [reading, writing] { close(end) }
        }
    }

    @Test func aStreamThatIsAbortedBetweenAPipesBytes() async throws {
        try await onLoop { loop in
            let (stream, peer) = try await loop.connectToRaw()
            let (reading, writing) = makePipe()
            let sending = loop.spawn { _ in try await stream.sendFile(descriptor: reading) }
            try writeAll([1], to: writing)
            #expect(try await offThread { try peer.receive() } == [1])
            stream.abort()
            await #expect(throws: StreamError.closed) { try await sending.value }
            for end in [reading, writing] { close(end) }
            peer.close()
        }
    }
}

extension RawSocket {
    /// A socket with a path, which cannot be opened as a file.
    fileprivate init(boundTo path: String) throws {
        self.init(descriptor: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw UVError(errno: errno) }
    }

    /// All of a file.
    fileprivate func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, filled in
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0 { throw UVError(errno: errno) }
                filled = count
            }
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }
}
