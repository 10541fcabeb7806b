import Glibc
import Testing

@testable import UVLoop

/// A peer that reads as fast as it is written to never makes a writer wait. The loop has to go on
/// all the same. Here the writer itself empties the peer's socket after each of its writes.
@Suite(.timeLimit(.minutes(1)))
struct WriteBudgetTests {
    /// Far more than anything may write in one go.
    private static let endless = 64 << 20

    /// Whether the loop goes on while a task of it does something again and again.
    private func turns(
        _ loop: isolated EventLoop, within count: Int,
        _ operation: @escaping @Sendable (isolated EventLoop) async throws -> Void
    ) async throws -> Bool {
        try await loop.spawn { loop in
            var hasTurned = false
            loop.callSoon { hasTurned = true }
            for _ in 0..<count where !hasTurned { try await operation(loop) }
            return hasTurned
        }.value
    }

    @Test(arguments: Wire.allCases, [100, 10_000, 65_536, 1 << 20])
    func aProtocolIsPausedThatWritesWithoutEnd(_ wire: Wire, _ size: Int) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            let transport = recorder.transport
            let piece = pattern(size)
            var written = 0
            var received = 0
            while !transport.isWritingPaused, written < Self.endless {
                try transport.write(piece)
                written += size
                received += peer.receiveWhatIsThere()
            }
            #expect(transport.isWritingPaused)
            // Twice past a multiple of the size, and what may be queued.
            let budget = 2 * (WriteBudget.size + size)
            #expect(transport.sentByteCount <= budget)
            #expect(written <= budget + 65_536 + size)
            try await until(loop) {
                received += peer.receiveWhatIsThere()
                return !transport.isWritingPaused
            }
            #expect(recorder.count(of: .resumeWriting) == 1)
            transport.close()
            let rest = try await offThread { try peer.countToEnd() }
            #expect(received + rest == written)
            peer.close()
        }
    }

    /// The kinds of bytes that are queued as they are, and those that are copied.
    @Test func whatIsHeldBackArrivesInOrder() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: Wire.unix.address)
            let transport = recorder.transport
            try transport.setWriteBufferLimits(high: 1 << 30)
            let received = Task { try await offThread { try peer.receiveToEnd() } }
            var expected: [UInt8] = []
            for round in 0..<200 {
                let piece = pattern(round * 7_000..<(round + 1) * 7_000)
                switch round % 4 {
                case 0: try transport.write(piece)
                case 1: try piece.withUnsafeBytes { try transport.write($0) }
                case 2: try transport.writeAll([piece[..<1_000], piece[1_000...]])
                default:
                    let taken = try piece.withUnsafeBytes { try transport.tryWrite($0) }
                    try transport.write(piece[taken...])
                }
                expected += piece
            }
            #expect(transport.bufferedByteCount > 0)
            transport.close()
            let isWhole = try await received.value == expected
            #expect(isWhole)
            peer.close()
        }
    }

    @Test func aNewTurnHasANewBudget() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: Wire.unix.address)
            let transport = recorder.transport
            let piece = pattern(65_536)
            for _ in 0..<10 {
                var written = 0
                while transport.bufferedByteCount == 0, written < Self.endless {
                    try transport.write(piece)
                    written += piece.count
                    _ = peer.receiveWhatIsThere()
                }
                #expect(written > WriteBudget.size)
                try await until(loop) {
                    _ = peer.receiveWhatIsThere()
                    return transport.bufferedByteCount == 0
                }
            }
        }
    }

    /// Each of these writes answers a read, and there are many reads in a turn. To hold them back
    /// would be to copy them.
    @Test func answersAreNotHeldBack() async throws {
        try await onLoop { loop in
            let recorder = BufferedRecorder()
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 1)
            recorder.buffer = { _ in memory }
            let peer = try await loop.accept(recorder, on: Wire.unix.address)
            let piece = pattern(65_536)
            var heldBack = 0
            recorder.hooks[.received] = {
                try $0.transport.write(piece)
                if $0.transport.bufferedByteCount > 0 { heldBack += 1 }
                _ = peer.receiveWhatIsThere()
            }
            try peer.send(pattern(100 * memory.count))
            try await until(loop) { recorder.byteCount == 100 * memory.count }
            #expect(heldBack == 0)
            recorder.transport.abort()
            try await until(loop) { recorder.isLost }
            memory.deallocate()
            peer.close()
        }
    }

    @Test(arguments: [100, 65_536])
    func aTaskThatSendsWithoutEndLetsTheLoopGoOn(_ size: Int) async throws {
        try await withStream { loop, stream, peer in
            let piece = pattern(size)
            let hasTurned = try await turns(loop, within: Self.endless / size) { _ in
                try await stream.send(piece)
                _ = peer.receiveWhatIsThere()
            }
            #expect(hasTurned)
        }
    }

    @Test func aTaskThatTriesToSendWithoutEndLetsTheLoopGoOn() async throws {
        try await withStream { loop, stream, peer in
            let piece = pattern(65_536)
            let hasTurned = try await turns(loop, within: Self.endless / piece.count) { _ in
                let rest = try stream.trySend(piece.span.bytes)
                if !rest.isEmpty { try await stream.send(rest) }
                _ = peer.receiveWhatIsThere()
            }
            #expect(hasTurned)
        }
    }

    // MARK: The values

    @Test func theBudgetIsSpentAtTheSecondPassOfAnEpoch() {
        #expect(!WriteBudget.isPassed(from: 0, to: WriteBudget.size - 1))
        #expect(WriteBudget.isPassed(from: WriteBudget.size - 1, to: WriteBudget.size))
        #expect(!WriteBudget.isPassed(from: WriteBudget.size, to: 2 * WriteBudget.size - 1))
        #expect(WriteBudget.isPassed(from: 5, to: 9 * WriteBudget.size))
        var budget = WriteBudget()
        budget.pass(in: 7)
        #expect(!budget.isSpent(in: 7))
        budget.pass(in: 8)
        #expect(!budget.isSpent(in: 8))
        budget.pass(in: 8)
        #expect(budget.isSpent(in: 8))
        #expect(!budget.isSpent(in: 9))
    }

    @Test func anEpochHasSoManyCalls() {
        var budget = CallBudget()
        for epoch in 1...3 as ClosedRange<UInt> {
            var taken = 0
            for _ in 0..<CallBudget.size + 10 where budget.takeOne(in: epoch) { taken += 1 }
            #expect(taken == CallBudget.size)
        }
    }

    // MARK: Datagrams

    /// Nobody reads them: UDP over the loopback interface always has room.
    @Test func aTaskThatSendsDatagramsWithoutEndLetsTheLoopGoOn() async throws {
        try await onLoop { loop in
            let peer = try RawDatagramSocket()
            let socket = try await loop.datagramSocket(boundTo: .address(.anyPortIPv4))
            let hasTurned = try await turns(loop, within: 100_000) { _ in
                try await socket.send("datagram", to: peer.localAddress)
            }
            #expect(hasTurned)
            peer.close()
        }
    }

    @Test func aProtocolIsPausedThatSendsDatagramsWithoutEnd() async throws {
        try await onLoop { loop in
            let peer = try RawDatagramSocket()
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            var sent = 0
            while !transport.isWritingPaused, sent < 100_000 {
                try transport.send("datagram", to: peer.localAddress)
                sent += 1
            }
            #expect(transport.isWritingPaused)
            try await until(loop) { !transport.isWritingPaused }
            #expect(recorder.errors == [])
            transport.close()
            peer.close()
        }
    }

    // MARK: Descriptors

    @Test func aTaskThatUsesADescriptorWithoutEndLetsTheLoopGoOn() async throws {
        try await onLoop { loop in
            let (one, other) = try EventLoop.socketPair()
            let (sender, receiver) = (RawDescriptor(one, on: loop), RawDescriptor(other, on: loop))
            let hasTurned = try await turns(loop, within: 100_000) { _ in
                try await sender.sendAll("ping")
                let received = try await receiver.receive(upTo: 100)
                #expect(received.count == 4)
            }
            #expect(hasTurned)
            close(one)
            close(other)
        }
    }
}
