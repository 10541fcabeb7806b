import Glibc
import Testing

@testable import UVLoop

/// What becomes of a file on its way when its sender is cut off, or the connection ends.
@Suite struct SendFileEndingTests {
    /// A stream in the middle of a file that nobody receives.
    private func inTheMiddle(
        over wire: Wire = .tcp, timeout: Duration? = nil,
        _ body:
            @escaping @Sendable (
                isolated EventLoop, SocketStream, RawSocket, Task<Int, any Error>, [UInt8]
            ) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 8_000_000)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw(over: wire, smallBuffers: true)
                let sending = loop.spawn { _ in try await stream.sendFile(path, timeout: timeout) }
                try await until(loop) { stream.sentCount > 0 }
                try await body(loop, stream, peer, sending, bytes)
            }
        }
    }

    /// After a send that was cut off: nothing can follow, but everything can be received.
    private func expectCutOff(
        _ loop: isolated EventLoop, _ stream: SocketStream, _ peer: RawSocket, _ bytes: [UInt8]
    ) async throws {
        await #expect(throws: StreamError.broken(.canceled)) { try await stream.send("more") }
        await #expect(throws: StreamError.broken(.canceled)) {
            try await stream.sendFile("/dev/null")
        }
        await #expect(throws: StreamError.broken(.canceled)) { try await stream.sendEOF() }
        try peer.send("hello")
        #expect(try await stream.receive() == Array("hello".utf8))
        async let received = offThread {
            let received = try peer.receiveToEnd()
            peer.close()
            return received
        }
        try await stream.close()
        let count = try await received.count
        #expect(count > 0 && count < bytes.count)
        #expect(try await received == Array(bytes[..<count]))
    }

    @Test(arguments: Wire.allCases)
    func cancellation(_ wire: Wire) async throws {
        try await inTheMiddle(over: wire) { loop, stream, peer, sending, bytes in
            sending.cancel()
            await #expect(throws: CancellationError.self) { try await sending.value }
            try await expectCutOff(loop, stream, peer, bytes)
        }
    }

    /// Long enough for the first bytes to go, also when the pool has much else to do.
    @Test func timeouts() async throws {
        try await inTheMiddle(timeout: .seconds(3)) { loop, stream, peer, sending, bytes in
            await #expect(throws: StreamError.timedOut) { try await sending.value }
            try await expectCutOff(loop, stream, peer, bytes)
        }
    }

    /// To be cut off before the first byte of the file has gone is the same as afterwards; what was
    /// sent before is whole.
    @Test(arguments: [false, true])
    func early(_ isTimeout: Bool) async throws {
        try await withDirectory { directory in
            let (path, _) = try directory.make("file", count: 100_000)
            let queued = [UInt8](repeating: 9, count: 60_000)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw(smallBuffers: true)
                try await stream.send(queued)
                #expect(stream.transport.bufferedByteCount > 0)
                if isTimeout {
                    await #expect(throws: StreamError.timedOut) {
                        try await stream.sendFile(path, timeout: .milliseconds(20))
                    }
                } else {
                    let sending = loop.spawn { _ in try await stream.sendFile(path) }
                    try await until(loop) { stream.transport.extras?.flushed != nil }
                    sending.cancel()
                    await #expect(throws: CancellationError.self) { try await sending.value }
                }
                #expect(stream.transport.extras?.flushed == nil)
                await #expect(throws: StreamError.broken(.canceled)) {
                    try await stream.send("more")
                }
                async let received = offThread {
                    defer { peer.close() }
                    return try peer.receiveToEnd()
                }
                try await stream.close()
                #expect(try await received == queued)
            }
        }
    }

    @Test func aTaskThatIsCancelledAlready() async throws {
        try await onLoop { loop in
            let (stream, peer) = try await loop.connectToRaw()
            let task = loop.spawn { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                // Also where the answer would be at hand.
                await #expect(throws: CancellationError.self) {
                    try await stream.sendFile("/dev/null", count: -1)
                }
                await #expect(throws: CancellationError.self) {
                    try await stream.sendFile(descriptor: -1)
                }
            }
            try await task.value
            await #expect(throws: StreamError.broken(.canceled)) { try await stream.send("more") }
            peer.close()
            try await stream.close()
        }
    }

    /// It does not harm the send of another task.
    @Test func aCancelledTaskThatWouldHaveBeenBusy() async throws {
        try await inTheMiddle { loop, stream, peer, sending, bytes in
            let task = loop.spawn { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                await #expect(throws: CancellationError.self) {
                    try await stream.sendFile("/dev/null")
                }
            }
            try await task.value
            let received = try await offThread { try peer.receive(exactly: bytes.count) }
            #expect(received == bytes)
            #expect(try await sending.value == bytes.count)
            try await stream.send("more")
            peer.close()
            stream.abort()
        }
    }

    // MARK: This side

    @Test(arguments: Wire.allCases)
    func closing(_ wire: Wire) async throws {
        try await inTheMiddle(over: wire) { loop, stream, peer, sending, bytes in
            let closing = loop.spawn { _ in try await stream.close() }
            await #expect(throws: StreamError.closed) { try await sending.value }
            // What had gone arrives, and then the end.
            let received = try await offThread { try peer.receiveToEnd() }
            #expect(received.count > 0 && bytes.starts(with: received))
            peer.close()
            try await closing.value
            await #expect(throws: StreamError.closed) { try await stream.sendFile("/dev/null") }
        }
    }

    @Test(arguments: Wire.allCases)
    func aborting(_ wire: Wire) async throws {
        try await inTheMiddle(over: wire) { loop, stream, peer, sending, bytes in
            stream.abort()
            await #expect(throws: StreamError.closed) { try await sending.value }
            let received = try await offThread { try peer.receiveToEnd() }
            #expect(received.count > 0 && bytes.starts(with: received))
            peer.close()
        }
    }

    @Test func abortingFromAnotherThread() async throws {
        try await inTheMiddle { loop, stream, peer, sending, bytes in
            try await offThread { stream.abort() }
            await #expect(throws: StreamError.closed) { try await sending.value }
            peer.close()
        }
    }

    @Test func afterTheOwnEnd() async throws {
        try await onLoop { loop in
            let (stream, peer) = try await loop.connectToRaw()
            try await stream.sendEOF()
            await #expect(throws: StreamError.closed) { try await stream.sendFile("/dev/null") }
            peer.close()
            try await stream.close()
        }
    }

    @Test func theLoopCloses() async throws {
        try await withDirectory { directory in
            let (path, _) = try directory.make("file", count: 8_000_000)
            let thread = try EventLoopThread(name: "files")
            let (stream, peer) = try await thread.loop.connectToRaw(smallBuffers: true)
            let sending = Task { try await stream.sendFile(path) }
            try await thread.loop.perform { loop in
                try await until(loop) { stream.sentCount > 0 }
            }
            await thread.shutdown()
            await #expect(throws: StreamError.closed) { try await sending.value }
            peer.close()
        }
    }

    // MARK: The other side

    @Test(arguments: [(Wire.tcp, true), (.tcp, false), (.unix, false)])
    func thePeerGoes(_ wire: Wire, _ isReset: Bool) async throws {
        try await inTheMiddle(over: wire) { loop, stream, peer, sending, bytes in
            if isReset { peer.reset() } else { peer.close() }
            let error = await #expect(throws: StreamError.self) { try await sending.value }
            guard case .broken(let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect([.connectionReset, .brokenPipe].contains(reason))
            await #expect(throws: StreamError.broken(reason)) {
                try await stream.sendFile("/dev/null")
            }
            stream.abort()
        }
    }

    /// Only a try to send can find out: nothing is read.
    @Test func thePeerHasGoneUnnoticed() async throws {
        try await withDirectory { directory in
            let (path, _) = try directory.make("file", count: 1_000_000)
            try await onLoop { loop in
                let (stream, peer) = try await loop.connectToRaw()
                stream.transport.holdReading()
                try peer.send("last words")
                peer.close()
                await #expect(throws: StreamError.self) {
                    // The first may go into the system's buffer, and be answered by a reset.
                    for _ in 0..<1_000 { try await stream.sendFile(path) }
                }
                await #expect(throws: StreamError.self) { try await stream.send("more") }
                stream.abort()
            }
        }
    }

    @Test(arguments: Wire.allCases)
    func aPeerThatOnlyListens(_ wire: Wire) async throws {
        try await inTheMiddle(over: wire) { loop, stream, peer, sending, bytes in
            peer.endWriting()
            #expect(try await stream.receive() == nil)
            let received = try await offThread { try peer.receive(exactly: bytes.count) }
            #expect(received == bytes)
            #expect(try await sending.value == bytes.count)
            peer.close()
            try await stream.close()
        }
    }
}
