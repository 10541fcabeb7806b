import Glibc
import Testing

@testable import UVLoop

/// Files that wait for the thread pool, and descriptors. In processes of their own: they keep the
/// pool busy, or count.
@Suite struct SendFilePoolTests {
    /// The file is not even open.
    @Test func cutOffBeforeThePoolHasTime() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, bytes) = try directory.make("file", count: 100_000)
                try EventLoop.run { loop in
                    let (stream, peer) = try await loop.connectToRaw()
                    let (late, latePeer) = try await loop.connectToRaw()
                    let (other, otherPeer) = try await loop.connectToRaw()
                    let pool = try await BusyPool(loop)
                    let sending = loop.spawn { _ in try await stream.sendFile(path) }
                    try await until(loop) { stream.core.isSending }
                    sending.cancel()
                    await #expect(throws: CancellationError.self) { try await sending.value }
                    await #expect(throws: StreamError.timedOut) {
                        try await late.sendFile(path, timeout: .milliseconds(1))
                    }
                    for one in [stream, late] { one.abort() }
                    let ends = try await offThread { try peer.receive() + latePeer.receive() }
                    #expect(ends == [])
                    // The loop goes on all the time.
                    try await other.send("whole")
                    let whole = Array("whole".utf8)
                    #expect(try otherPeer.receive(exactly: whole.count) == whole)
                    try await pool.end(loop)
                    #expect(try await other.sendFile(path) == bytes.count)
                    #expect(try otherPeer.receive(exactly: bytes.count) == bytes)
                    for one in [peer, latePeer, otherPeer] { one.close() }
                    try await other.close()
                }
            }
        }
    }

    /// The file is open, and its first piece is to be sent.
    private static func withPieceInThePool(
        _ body:
            @escaping @Sendable (
                isolated EventLoop, SocketStream, RawSocket, Task<Int, any Error>
            ) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            let (path, _) = try directory.make("file", count: 100_000)
            try EventLoop.run { loop in
                let (stream, peer) = try await loop.connectToRaw(smallBuffers: true)
                let queued = [UInt8](repeating: 9, count: 60_000)
                try await stream.send(queued)
                let sending = loop.spawn { _ in try await stream.sendFile(path) }
                try await until(loop) { stream.transport.extras?.flushed != nil }
                let pool = try await BusyPool(loop)
                #expect(try await offThread { try peer.receive(exactly: 60_000) } == queued)
                try await until(loop) { stream.transport.extras?.flushed == nil }
                try await body(loop, stream, peer, sending)
                try await pool.end(loop)
                try await until(loop) { loop.core.uv.pointee.active_reqs.count == 0 }
                peer.close()
                stream.abort()
            }
        }
    }

    /// What has not begun is taken back: not one byte of the file goes.
    @Test func aPieceThatIsTakenBack() async {
        await #expect(processExitsWith: .success) {
            try await Self.withPieceInThePool { loop, stream, peer, sending in
                sending.cancel()
                await #expect(throws: CancellationError.self) { try await sending.value }
                let received = loop.spawn { _ in
                    try await offThread {
                        defer { peer.endWriting() }
                        return try peer.receiveToEnd()
                    }
                }
                try await stream.close()
                #expect(try await received.value == [])
            }
        }
    }

    @Test func closedWhileThePoolIsBusy() async {
        await #expect(processExitsWith: .success) {
            try await Self.withPieceInThePool { loop, stream, peer, sending in
                stream.abort()
                await #expect(throws: StreamError.closed) { try await sending.value }
                try await until(loop) { !loop.core.hasUserHandles }
                // Not one byte of the file.
                #expect(try await offThread { try peer.receive() } == [])
            }
        }
    }

    /// A disk that does not answer: the peer sees the end of an aborted connection all the same,
    /// and what the pool then does goes nowhere.
    @Test(arguments: [false, true])
    func abortedWhileAPieceIsUnderWay(_ isLoopClosing: Bool) async throws {
        let thread = try EventLoopThread(name: "files")
        let (gate, begun, refused) = (Gate(), Counter(), Counter())
        let (stream, peer) = try await thread.loop.connectToRaw()
        try await thread.loop.perform { loop in
            let sending = try FileSending(stream.transport, waking: WaitingRoom())
            try sending.send(10, from: nil) { socket, _, _, _ in
                begun.increment()
                gate.wait()
                if write(socket, "much later", 10) < 0, errno == EPIPE { refused.increment() }
                return 0
            }
            try await until(loop) { begun.value == 1 }
            #expect(stream.transport.extras?.fileSending === sending)
            // The sender has been cut off: nobody waits for the pool's answer any more.
            sending.abandon()
        }
        let receiving = Task {
            try await offThread {
                defer { gate.open() }
                return try peer.receiveToEnd()
            }
        }
        if !isLoopClosing {
            stream.abort()
            #expect(try await receiving.value == [])
        }
        await thread.shutdown()
        #expect(try await receiving.value == [])
        #expect(refused.value == 1)
        peer.close()
    }

    /// What the pool has sent counts, also if the sender was cut off meanwhile.
    @Test func countsAfterTheSenderHasGone() async throws {
        try await onLoop { loop in
            let (gate, begun) = (Gate(), Counter())
            let (stream, peer) = try await loop.connectToRaw()
            let sending = try FileSending(stream.transport, waking: WaitingRoom())
            try sending.send(10, from: nil) { socket, _, _, _ in
                begun.increment()
                gate.wait()
                return write(socket, "ten bytes!", 10)
            }
            try await until(loop) { begun.value == 1 }
            sending.abandon()
            gate.open()
            try await until(loop) { !sending.isAtWork }
            #expect(sending.sentCount == 10 && stream.sentCount == 10)
            #expect(try peer.receive() == Array("ten bytes!".utf8))
            peer.close()
            stream.abort()
        }
    }

    @Test func descriptorsAndMemory() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, bytes) = try directory.make("file", count: 300_000)
                try EventLoop.run { loop in
                    func round() async throws {
                        let (stream, peer) = try await loop.connectToRaw(smallBuffers: true)
                        let all = try await loop.connectToRaw()
                        async let received = offThread { try all.peer.receive(exactly: 300_000) }
                        #expect(try await all.stream.sendFile(path) == bytes.count)
                        #expect(try await received == bytes)
                        #expect(try await all.stream.sendFile("/proc/version") > 0)
                        for wrong in ["/", "/nothing/there"] {
                            await #expect(throws: UVError.self) {
                                try await all.stream.sendFile(wrong)
                            }
                        }
                        let (reading, writing) = makePipe()
                        try writeAll([1, 2], to: writing)
                        #expect(
                            try await all.stream.sendFile(descriptor: reading, count: 2) == 2)
                        let silent = loop.spawn { _ in
                            try await all.stream.sendFile(descriptor: reading)
                        }
                        let clogged = loop.spawn { _ in try await stream.sendFile(path) }
                        try await until(loop) { stream.sentCount > 0 }
                        silent.cancel()
                        clogged.cancel()
                        await #expect(throws: CancellationError.self) { try await silent.value }
                        await #expect(throws: CancellationError.self) { try await clogged.value }
                        for end in [reading, writing] { close(end) }
                        for end in [peer, all.peer] { end.close() }
                        stream.abort()
                        all.stream.abort()
                        try await until(loop) {
                            loop.core.uv.pointee.active_reqs.count == 0
                                && !loop.core.hasUserHandles
                        }
                    }

                    for _ in 0..<30 { try await round() }
                    let before = (openDescriptorCount(), residentByteCount())
                    for _ in 0..<200 { try await round() }
                    #expect(openDescriptorCount() <= before.0)
                    // A tenth of what the fallback's memory alone would be.
                    let growth = residentByteCount() - before.1
                    #expect(growth < 200 * 6_554, "\(growth) bytes")
                }
            }
        }
    }

    /// Connections end at any moment of a send, and their descriptors' numbers go to the next ones
    /// at once. Nobody must get bytes of somebody else's file.
    @Test func numbersThatAreUsedAgain() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                for number in 0..<16 {
                    let bytes = [UInt8](repeating: UInt8(number), count: 3_000_000)
                    try directory.make("file \(number)", bytes)
                }
                try EventLoop.run { loop in
                    let before = openDescriptorCount()
                    var random = SeededGenerator(seed: 5)
                    for _ in 0..<40 {
                        var ends: [(SocketStream, Task<Int, any Error>, Task<Bool, any Error>)] =
                            []
                        for number in 0..<16 {
                            let (stream, peer) = try await loop.connectToRaw()
                            let path = directory.file("file \(number)")
                            let sending = loop.spawn { _ in try await stream.sendFile(path) }
                            let receiving = loop.spawn { _ in
                                try await offThread { try peer.receivesOnly(UInt8(number)) }
                            }
                            ends.append((stream, sending, receiving))
                            if random.chance(1, in: 2) { await Task.yield() }
                            if random.chance(1, in: 2) {
                                let victim = ends[Int.random(in: 0..<ends.count, using: &random)]
                                if random.chance(1, in: 2) { victim.1.cancel() }
                                victim.0.abort()
                            }
                        }
                        for (stream, sending, receiving) in ends {
                            _ = try? await sending.value
                            stream.abort()
                            #expect(try await receiving.value)
                        }
                    }
                    try await until(loop) { loop.core.uv.pointee.active_reqs.count == 0 }
                    // Those of the loop's pool come with its first use.
                    #expect(openDescriptorCount() <= before + 4)
                }
            }
        }
    }
}

extension RawSocket {
    /// Whether all that comes until the end is one and the same byte; closes.
    fileprivate func receivesOnly(_ byte: UInt8) throws -> Bool {
        defer { close() }
        while true {
            guard let piece = try? receive(), !piece.isEmpty else { return true }
            let isSame = piece.withUnsafeBytes { bytes in
                bytes[0] == byte
                    && memcmp(bytes.baseAddress!, bytes.baseAddress! + 1, bytes.count - 1) == 0
            }
            if !isSame { return false }
        }
    }
}
