import Glibc
import Testing

@testable import UVLoop

/// What of a file arrives, and in which order with everything else.
@Suite struct SendFileTests {
    @Test(arguments: [0, 1, 65_536, 1_048_576, 3_145_735], Wire.allCases)
    func wholeFiles(_ size: Int, _ wire: Wire) async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: size)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw(over: wire)
                async let received = offThread { try peer.receiveToEnd() }
                #expect(try await stream.sendFile(path) == size)
                #expect(stream.sentCount == size)
                try await stream.sendEOF()
                #expect(try await received == bytes)
                peer.close()
                try await stream.close()
            }
        }
    }

    @Test(arguments: [
        (0, 10, 0..<10), (5, nil, 5..<100_000), (99_999, 5, 99_999..<100_000),
        (70_000, 30_000, 70_000..<100_000), (0, 0, 0..<0), (7, 0, 0..<0),
        (100_000, nil, 0..<0), (100_001, 1, 0..<0), (.max, nil, 0..<0), (.max, .max, 0..<0),
        (1, .max, 1..<100_000),
    ])
    func parts(_ offset: Int, _ count: Int?, _ expected: Range<Int>) async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 100_000)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw()
                let descriptor = try openForReading(path)
                async let received = offThread { try peer.receiveToEnd() }
                #expect(
                    try await stream.sendFile(path, from: offset, count: count) == expected.count)
                #expect(
                    try await stream.sendFile(descriptor: descriptor, from: offset, count: count)
                        == expected.count)
                #expect(lseek(descriptor, 0, Int32(SEEK_CUR)) == 0)
                close(descriptor)
                try await stream.sendEOF()
                #expect(try await received == Array(bytes[expected]) + bytes[expected])
                peer.close()
                try await stream.close()
            }
        }
    }

    @Test func sixtyFourMebibytes() async throws {
        try await withDirectory { directory in
            let size = 64 << 20
            let (path, bytes) = try directory.make("file", count: size)
            let expected = checksum(bytes)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw()
                async let received = offThread { checksum(try peer.receiveToEnd()) }
                #expect(try await stream.sendFile(path) == size)
                try await stream.sendEOF()
                #expect(try await received == expected)
                peer.close()
                try await stream.close()
            }
        }
    }

    /// Offsets do not fit into 32 bits; nearly all of the file is a hole.
    @Test func hugeFiles() async throws {
        try await withDirectory { directory in
            let path = try directory.make("file", [])
            let border = 4 << 30
            try withDescriptor(path) {
                #expect(pwrite($0, "border", 6, border - 3) == 6)
                #expect(pwrite($0, "end", 3, border + 1_000_000) == 3)
            }
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw()
                async let received = offThread { try peer.receiveToEnd() }
                #expect(try await stream.sendFile(path, from: border - 4, count: 8) == 8)
                #expect(try await stream.sendFile(path, from: border + 1_000_000) == 3)
                let descriptor = try openForReading(path)
                lseek(descriptor, border + 1_000_000, Int32(SEEK_SET))
                #expect(try await stream.sendFile(descriptor: descriptor) == 3)
                close(descriptor)
                try await stream.sendEOF()
                #expect(try await received == [0] + Array("border".utf8) + [0] + "endend".utf8)
                peer.close()
                try await stream.close()
            }
        }
    }

    @Test(arguments: [false, true], Wire.allCases)
    func orderWithOtherSends(_ smallBuffers: Bool, _ wire: Wire) async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 300_000)
            let text = Array("between".utf8)
            // Above the low-water mark and below the high one: nobody waits for these.
            let queued = [UInt8](repeating: 5, count: 60_000)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw(
                    over: wire, smallBuffers: smallBuffers)
                async let received = offThread { try peer.receiveToEnd(slowly: smallBuffers) }
                for _ in 0..<3 {
                    try await stream.send(queued)
                    #expect(try await stream.sendFile(path) == bytes.count)
                    #expect(stream.transport.bufferedByteCount == 0)
                    try await stream.send(text)
                    #expect(try await stream.sendFile(path, count: 1_000) == 1_000)
                }
                try await stream.sendEOF()
                let once = queued + bytes + text + bytes[..<1_000]
                #expect(try await received == once + once + once)
                peer.close()
                try await stream.close()
            }
        }
    }

    @Test(arguments: Wire.allCases)
    func aSlowReaderMakesItWait(_ wire: Wire) async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 4_000_000)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw(over: wire, smallBuffers: true)
                let sending = loop.spawn { _ in try await stream.sendFile(path) }
                try await until(loop) { stream.sentCount > 0 }
                await turns(loop, for: .milliseconds(5))
                #expect(stream.sentCount < 1_000_000)
                // The stream is whole in the other direction.
                try peer.send("hello")
                #expect(try await stream.receive() == Array("hello".utf8))
                async let received = offThread { try peer.receive(exactly: bytes.count) }
                #expect(try await sending.value == bytes.count)
                #expect(try await received == bytes)
                peer.close()
                try await stream.close()
            }
        }
    }

    @Test func oneSenderAtATime() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 4_000_000)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw(smallBuffers: true)
                let sending = loop.spawn { _ in try await stream.sendFile(path) }
                try await until(loop) { stream.sentCount > 0 }
                await #expect(throws: StreamError.busy) { try await stream.send("more") }
                await #expect(throws: StreamError.busy) { try await stream.sendFile(path) }
                await #expect(throws: StreamError.busy) { try await stream.waitForRoom() }
                await #expect(throws: StreamError.busy) { try await stream.sendEOF() }
                async let received = offThread { try peer.receive(exactly: bytes.count) }
                _ = try await sending.value
                #expect(try await received == bytes)

                let other = loop.spawn { _ in try await stream.send(bytes) }
                try await until(loop) { stream.core.isSending }
                await #expect(throws: StreamError.busy) { try await stream.sendFile(path) }
                peer.close()
                await #expect(throws: (any Error).self) { try await other.value }
                stream.abort()
            }
        }
    }

    @Test func fromOtherThreads() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 2_000_000)
            let thread = try EventLoopThread(name: "files")
            let (stream, peer) = try await thread.loop.connectToRaw()
            async let received = offThread { try peer.receiveToEnd() }
            let descriptor = try openForReading(path)
            #expect(try await stream.sendFile(path) == bytes.count)
            #expect(try await stream.sendFile(descriptor: descriptor) == bytes.count)
            let task = Task.detached { try await stream.sendFile(path, from: 1_999_999) }
            #expect(try await task.value == 1)
            close(descriptor)
            await #expect(throws: UVError.noSuchFileOrDirectory) {
                try await stream.sendFile(directory.file("nothing"))
            }
            try await stream.sendEOF()
            #expect(try await received == bytes + bytes + bytes.suffix(1))
            peer.close()
            try await stream.close()
            await thread.shutdown()
        }
    }

    /// The system does the same for pipes as for sockets.
    @Test func intoAPipe() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 3_000_000)
            try await onLoop { loop in
                let (reading, writing) = try await loop.streamPipe()
                let sending = loop.spawn { _ in
                    try await writing.sendFile(path, from: 7)
                }
                #expect(
                    try await reading.receive(exactly: bytes.count - 7) == Array(bytes[7...]))
                #expect(try await sending.value == bytes.count - 7)
                await #expect(throws: StreamError.broken(.notSupported)) {
                    try await reading.sendFile(path)
                }
                let other = loop.spawn { _ in try await writing.sendFile(path) }
                try await until(loop) { writing.sentCount > bytes.count }
                reading.abort()
                await #expect(throws: StreamError.broken(.brokenPipe)) { try await other.value }
                writing.abort()
            }
        }
    }

    // MARK: Descriptors

    @Test func thePositionMovesAsInReading() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 100_000)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw()
                async let received = offThread { try peer.receiveToEnd() }
                let descriptor = try openForReading(path)
                lseek(descriptor, 10, Int32(SEEK_SET))
                #expect(try await stream.sendFile(descriptor: descriptor, count: 90) == 90)
                #expect(lseek(descriptor, 0, Int32(SEEK_CUR)) == 100)
                #expect(try await stream.sendFile(descriptor: descriptor) == 99_900)
                #expect(try await stream.sendFile(descriptor: descriptor) == 0)
                close(descriptor)
                try await stream.sendEOF()
                #expect(try await received == Array(bytes[10...]))
                peer.close()
                try await stream.close()
            }
        }
    }

    /// Whose number the descriptor has meanwhile is of no importance.
    @Test func theCallerMayCloseTheDescriptor() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 4_000_000)
            let (otherPath, _) = try directory.make("other", count: 4_000_000, seed: 2)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw(smallBuffers: true)
                let (descriptor, other) = (
                    try openForReading(path), try openForReading(otherPath)
                )
                let sending = loop.spawn { _ in
                    try await stream.sendFile(descriptor: descriptor)
                }
                try await until(loop) { stream.sentCount > 0 }
                // Another file under the same number, without a gap.
                dup2(other, descriptor)
                let received = try await offThread { try peer.receive(exactly: bytes.count) }
                #expect(received == bytes)
                #expect(try await sending.value == bytes.count)
                for one in [descriptor, other] { close(one) }
                peer.close()
                try await stream.close()
            }
        }
    }

    // MARK: Files that change

    /// What is there at the beginning, or less, if there is less in the end.
    @Test(arguments: [(8_000_000, 3_000_000), (4_000_000, 5_000_000)])
    func aFileThatChanges(from before: Int, to after: Int) async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: before)
            let sent = min(before, after)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw(smallBuffers: true)
                let sending = loop.spawn { _ in try await stream.sendFile(path) }
                try await until(loop) { stream.sentCount > 0 }
                #expect(truncate(path, after) == 0)
                async let received = offThread { try peer.receiveToEnd() }
                #expect(try await sending.value == sent)
                try await stream.send("still there")
                try await stream.sendEOF()
                #expect(try await received == Array(bytes[..<sent]) + "still there".utf8)
                peer.close()
                try await stream.close()
            }
        }
    }
}

/// Depends on every word and on its place.
private func checksum(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { bytes in
        var sum = UInt64(bytes.count)
        for word in bytes.bindMemory(to: UInt64.self) { sum = (sum &* 31) &+ word }
        return sum
    }
}

private func withDescriptor(_ path: String, _ body: (Int32) -> Void) throws {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw UVError(errno: errno) }
    defer { close(descriptor) }
    body(descriptor)
}
