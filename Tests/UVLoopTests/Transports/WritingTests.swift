import Testing

@testable import UVLoop

/// What is written arrives, in order and whole, whatever it is written from.
@Suite(.timeLimit(.minutes(1)))
struct WritingTests {
    /// A small way out and a slow reader, so that most of what is written has to be queued.
    private func narrow(
        _ loop: isolated EventLoop, _ wire: Wire, _ recorder: Recorder = PlainRecorder()
    ) async throws -> (transport: Transport, peer: RawSocket) {
        let peer = try await loop.accept(recorder, on: wire.address, receiveBuffer: 4_096)
        try recorder.transport.setSendBufferSize(4_096)
        return (recorder.transport, peer)
    }

    /// Writes a piece in one of all ways.
    private func write(_ piece: [UInt8], way: Int, to transport: Transport) throws {
        let text = String(decoding: piece.map { $0 & 0x7F }, as: UTF8.self)
        switch way {
        case 0: try transport.write(piece)
        case 1: try transport.write(([0, 0] + piece + [0])[2..<piece.count + 2])
        case 2: try transport.write(ContiguousArray(piece))
        case 3: try piece.withUnsafeBytes { try transport.write($0) }
        case 4: try transport.write(piece.span.bytes)
        case 5: try transport.write(OwnBytes(bytes: piece))
        case 6: try transport.write(ScatteredBytes(pieces: [Array(piece.prefix(3))]))
        case 7: try transport.write(text)
        case 8: try transport.write(text[...])
        case 9: try transport.write("a static string" as StaticString)
        case 10: try transport.writeAll([piece, "", text, piece[...], OwnBytes(bytes: piece)])
        case 11:
            var copy = piece
            try copy.withUnsafeMutableBytes { try transport.write($0) }
        default: try transport.writeAll([])
        }
    }

    /// What the same call sends.
    private func sent(_ piece: [UInt8], way: Int) -> [UInt8] {
        let text = piece.map { $0 & 0x7F }
        return switch way {
        case 0...5, 11: piece
        case 6: Array(piece.prefix(3))
        case 7, 8: text
        case 9: Array("a static string".utf8)
        case 10: piece + text + piece + piece
        default: []
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>, Wire.allCases)
    func randomWritesOfEveryKindArriveInOrder(_ seed: UInt64, _ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let (transport, peer) = try await narrow(loop, wire, recorder)
            var random = SeededGenerator(seed: seed)
            var expected: [UInt8] = []
            for _ in 0..<400 {
                let size = [0, 1, 10, 1_000, 20_000].randomElement(using: &random)!
                let piece = random.bytes(.random(in: 0...size, using: &random))
                let way = Int.random(in: 0...12, using: &random)
                try write(piece, way: way, to: transport)
                expected += sent(piece, way: way)
                if Int.random(in: 0..<20, using: &random) == 0 {
                    await turns(loop, for: .zero)
                }
            }
            #expect(transport.bufferedByteCount > 0)
            transport.close()
            let received = try await offThread { try peer.receiveToEnd(slowly: true) }
            let isWhole = received == expected
            #expect(isWhole)
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil)
        }
    }

    @Test(arguments: Wire.allCases)
    func theCallersMemoryMayBeUsedAgainAtOnce(_ wire: Wire) async throws {
        try await onLoop { loop in
            let (transport, peer) = try await narrow(loop, wire)
            var array = [UInt8](repeating: 1, count: 100_000)
            let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: 100_000, alignment: 1)
            raw.copyBytes(from: array)
            try transport.write(array)
            try transport.write(array[50_000...])
            try transport.write(UnsafeRawBufferPointer(raw))
            try transport.writeAll([UnsafeRawBufferPointer(raw), array])
            for index in array.indices { array[index] = 0xFF }
            for index in raw.indices { raw[index] = 0xFF }
            raw.deallocate()
            transport.close()
            let received = try await offThread { try peer.receiveToEnd() }
            #expect(received.count == 450_000)
            #expect(received.allSatisfy { $0 == 1 })
            peer.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func emptyWritesSendNothingAndAreNoError(_ wire: Wire) async throws {
        try await onLoop { loop in
            let (transport, peer) = try await narrow(loop, wire)
            try transport.write([UInt8]())
            try transport.write("")
            try transport.write("" as StaticString)
            try transport.write(UnsafeRawBufferPointer(start: nil, count: 0))
            try transport.writeAll([])
            try transport.writeAll(["", [UInt8]()])
            #expect(transport.bufferedByteCount == 0)
            #expect(transport.sentByteCount == 0)
            transport.close()
            let received = try await offThread { try peer.receiveToEnd() }
            #expect(received == [])
            peer.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func aWriteToAnIdleSocketGoesOutBeforeItReturns(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            try recorder.transport.write("now")
            #expect(recorder.transport.bufferedByteCount == 0)
            #expect(recorder.transport.sentByteCount == 3)
            // The loop stands still meanwhile: the bytes are there already.
            #expect(try peer.receive() == Array("now".utf8))
            recorder.transport.abort()
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test(arguments: Wire.allCases)
    func writeAllIsOneWrite(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            let parts: [any ByteContainer] = [
                "head", "\r\n" as StaticString, [1, 2, 3] as [UInt8],
            ]
            try recorder.transport.writeAll(parts)
            #expect(try peer.receive() == Array("head\r\n".utf8) + [1, 2, 3])
            recorder.transport.abort()
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test(arguments: [1_023, 1_024, 1_025, 5_000], Wire.allCases)
    func writeAllTakesMorePartsThanASystemCall(_ count: Int, _ wire: Wire) async throws {
        try await onLoop { loop in
            let (transport, peer) = try await narrow(loop, wire)
            let parts = (0..<count).map { [UInt8(truncatingIfNeeded: $0), 7, 8] }
            try transport.writeAll(parts)
            try transport.writeAll(parts)
            transport.close()
            let received = try await offThread { try peer.receiveToEnd() }
            #expect(received == (parts + parts).flatMap { $0 })
            peer.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func nothingGetsBetweenThePartsOfAWriteAll(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.hooks[.pauseWriting] = { try $0.transport.write("|") }
            let (transport, peer) = try await narrow(loop, wire, recorder)
            try transport.setWriteBufferLimits(high: 10)
            let parts = (0..<20).map { [UInt8](repeating: UInt8($0 + 100), count: 50_000) }
            try transport.writeAll(parts)
            transport.close()
            let received = try await offThread { try peer.receiveToEnd() }
            let isInOrder = received == parts.flatMap { $0 } + [UInt8(ascii: "|")]
            #expect(isInOrder)
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test(arguments: Wire.allCases)
    func closeInPauseWritingSendsTheWholeWriteAll(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.hooks[.pauseWriting] = { $0.transport.close() }
            let (transport, peer) = try await narrow(loop, wire, recorder)
            let parts = (0..<20).map { [UInt8](repeating: UInt8($0), count: 50_000) }
            try transport.writeAll(parts)
            let received = try await offThread { try peer.receiveToEnd() }
            #expect(received.count == 1_000_000)
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test(arguments: Wire.allCases)
    func whatIsQueuedInATurnGoesOutAfterIt(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let (transport, peer) = try await narrow(loop, wire, recorder)
            try transport.write([UInt8](repeating: 1, count: 1_000_000))
            // Queued here, not handed to libuv yet: libuv's queue is still empty.
            let queued = transport.bufferedByteCount
            #expect(queued > 0)
            for _ in 0..<100 { try transport.write("0123456789") }
            #expect(transport.bufferedByteCount == queued + 1_000)
            #expect(transport.extras?.queuedByteCount == queued + 1_000)
            #expect(transport.extras?.isWriteUnderWay == false)
            transport.flush()
            // All of it as one request.
            #expect(transport.extras?.chunks.isEmpty == true)
            #expect(transport.extras?.isWriteUnderWay == true)
            transport.close()
            let received = try await offThread { try peer.countToEnd() }
            #expect(received == 1_001_000)
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test(arguments: Wire.allCases)
    func theCountsAddUp(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.keepsTransport = true
            let (transport, peer) = try await narrow(loop, wire, recorder)
            try transport.write([UInt8](repeating: 1, count: 300_000))
            #expect(transport.sentByteCount + transport.bufferedByteCount == 300_000)
            try peer.send([UInt8](repeating: 2, count: 1_000))
            try await until(loop) { transport.receivedByteCount == 1_000 }
            transport.writeEOF()
            let count = try await offThread { try peer.countToEnd() }
            #expect(count == 300_000)
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(transport.sentByteCount == 300_000)
            #expect(transport.receivedByteCount == 1_000)
            #expect(transport.bufferedByteCount == 0)
            recorder.keptTransport = nil
        }
    }
}
