import Testing

@testable import UVLoop

/// The buffered protocol's allocation callback, in which libuv must not be stopped.
@Suite(.timeLimit(.minutes(1)))
struct GetBufferTests {
    static var nothing: UnsafeMutableRawBufferPointer { .init(start: nil, count: 0) }

    @Test func bytesLandInTheMemoryThatWasGiven() async throws {
        try await onLoop { loop in
            let memory = HeapMemory(16)
            let recorder = BufferedRecorder()
            recorder.buffer = { _ in UnsafeMutableRawBufferPointer(rebasing: memory.bytes[4..<8]) }
            memory.bytes.copyBytes(from: [UInt8](repeating: 0xEE, count: 16))
            let peer = try await loop.accept(recorder)
            try peer.send([1, 2, 3])
            try await until(loop) { recorder.byteCount == 3 }
            #expect([UInt8](memory.bytes)[..<8] == [0xEE, 0xEE, 0xEE, 0xEE, 1, 2, 3, 0xEE])
            recorder.transport.abort()
            try await until(loop) { recorder.isLost }
            peer.close()
        }
    }

    @Test(arguments: [1, 2, 7, 64])
    func smallBuffersLoseNothing(_ size: Int) async throws {
        try await onLoop { loop in
            let memory = HeapMemory(size)
            let recorder = BufferedRecorder()
            var received: [UInt8] = []
            recorder.buffer = { _ in memory.bytes }
            recorder.hooks[.received] = { received += memory.bytes[..<$0.pieces.last!] }
            let peer = try await loop.accept(recorder)
            var random = SeededGenerator(seed: 3)
            let sent = random.bytes(1_000)
            try peer.send(sent)
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(received == sent)
            #expect(recorder.pieces.allSatisfy { $0 <= size })
            #expect(recorder.livedByTheRules)
        }
    }

    @Test func theHintIsAGoodSize() async throws {
        final class Asked: BufferedProtocol {
            var hints: [Int] = []
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 1)
            deinit { memory.deallocate() }
            func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer {
                hints.append(sizeHint)
                return memory
            }
            func bufferUpdated(_ count: Int) {}
        }
        try await onLoop { loop in
            let asked = Asked()
            let server = try loop.listen(onAddresses: .anyPortIPv4) { asked }
            let peer = try RawSocket.connect(to: server.addresses[0])
            try peer.send("x")
            try await until(loop) { !asked.hints.isEmpty }
            #expect(asked.hints.allSatisfy { $0 >= 4_096 })
            peer.close()
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func anEmptyBufferIsFatal() async throws {
        try await onLoop { loop in
            let recorder = BufferedRecorder()
            recorder.buffer = { _ in Self.nothing }
            let peer = try await loop.accept(recorder)
            try peer.send("x")
            try await until(loop) { recorder.isLost }
            #expect(recorder.uvError == .noBufferSpace)
            #expect(recorder.livedByTheRules)
            #expect(recorder.byteCount == 0)
            peer.close()
        }
    }

    @Test func anErrorIsFatalAndComesBack() async throws {
        try await onLoop { loop in
            let recorder = BufferedRecorder()
            recorder.buffer = { _ in throw Mishap("no memory") }
            let peer = try await loop.accept(recorder)
            try peer.send("x")
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError as? Mishap == Mishap("no memory"))
            #expect(recorder.livedByTheRules)
            peer.close()
        }
    }

    /// Nobody who has just ended the connection has to find memory for it.
    @Test(arguments: [true, false])
    func anEmptyBufferAfterTheEndIsNoError(_ gracefully: Bool) async throws {
        try await onLoop { loop in
            let recorder = BufferedRecorder()
            recorder.buffer = { recorder in
                if gracefully { recorder.transport.close() } else { recorder.transport.abort() }
                return Self.nothing
            }
            let peer = try await loop.accept(recorder)
            try peer.send("x")
            peer.endWriting()
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil)
            #expect(recorder.byteCount == 0)
            #expect(recorder.livedByTheRules)
            peer.close()
        }
    }

    @Test func anEmptyBufferAfterCloseThatDrainsIsNoError() async throws {
        try await onLoop { loop in
            let recorder = BufferedRecorder()
            recorder.hooks[.connectionMade] = { $0.transport.writeEOF() }
            recorder.buffer = { recorder in
                // The writing side has ended: closing goes on to drain at once.
                recorder.transport.close()
                return Self.nothing
            }
            let peer = try await loop.accept(recorder)
            let count = try await offThread { try peer.countToEnd() }
            #expect(count == 0)
            await turns(loop, for: .milliseconds(1))
            try peer.send("x")
            peer.endWriting()
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil)
            peer.close()
        }
    }

    @Test func pausedInsideNothingComesAndNothingIsLost() async throws {
        try await onLoop { loop in
            let recorder = BufferedRecorder()
            recorder.hooks[.getBuffer] = {
                if $0.count(of: .getBuffer) == 1 { $0.transport.pauseReading() }
            }
            let peer = try await loop.accept(recorder)
            try peer.send("kept")
            try await until(loop) { recorder.count(of: .getBuffer) == 1 }
            await turns(loop, for: .milliseconds(20))
            #expect(recorder.byteCount == 0)
            recorder.transport.resumeReading()
            try await until(loop) { recorder.byteCount == 4 }
            #expect(recorder.bytes == Array("kept".utf8))
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test func pausedAndResumedInsideReadsOn() async throws {
        try await onLoop { loop in
            let recorder = BufferedRecorder()
            recorder.hooks[.getBuffer] = {
                $0.transport.pauseReading()
                $0.transport.resumeReading()
            }
            let peer = try await loop.accept(recorder)
            try peer.send("kept")
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.bytes == Array("kept".utf8))
        }
    }

    @Test(arguments: ProtocolKind.allCases)
    func exchangedInsideTheBytesAreTheNewOnes(_ kind: ProtocolKind) async throws {
        try await onLoop { loop in
            let old = BufferedRecorder()
            let new = kind.newRecorder()
            old.hooks[.getBuffer] = { $0.transport.setRecorder(new) }
            let peer = try await loop.accept(old)
            try peer.send("for the new one")
            peer.close()
            try await until(loop) { new.isLost }
            #expect(old.byteCount == 0)
            #expect(new.bytes == Array("for the new one".utf8))
            #expect(!old.isLost)
            #expect(new.livedByTheRules)
        }
    }

    @Test func aFailedWriteInsideEndsTheConnection() async throws {
        try await onLoop { loop in
            let recorder = BufferedRecorder()
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            let peer = try await loop.accept(recorder)
            try peer.send("x")
            recorder.hooks[.getBuffer] = { recorder in
                // The peer is gone by reset, which the second write, at the latest, finds.
                try? recorder.transport.write("a")
                try? recorder.transport.write("b")
            }
            peer.reset()
            recorder.liveTransport?.resumeReading()
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError is UVError)
            #expect(recorder.livedByTheRules)
        }
    }
}
