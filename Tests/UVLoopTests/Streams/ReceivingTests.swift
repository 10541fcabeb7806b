import Testing

@testable import UVLoop

/// What receives, what it returns, and what is left for the next.
@Suite(.timeLimit(.minutes(1)))
struct ReceivingTests {
    @Test func theEndIsNilForEver() async throws {
        try await withStream { loop, stream, peer in
            try peer.send("bye")
            peer.endWriting()
            try await stream.hasSeenEnd(loop)
            #expect(try await stream.receive() == Array("bye".utf8))
            for _ in 0..<3 {
                #expect(try await stream.receive() == nil)
                #expect(try await stream.receive(exactly: 5) == nil)
                #expect(try await stream.receive(until: "\n") == nil)
                #expect(try await stream.receiveLine() == nil)
                #expect(try await stream.withReceived { $0.byteCount } == nil)
                #expect(try await stream.withReceived(exactly: 2) { $0.byteCount } == nil)
                #expect(try await stream.peek(atLeast: 3) == [])
            }
            // Receiving has ended, sending has not.
            try await stream.send("still here")
            #expect(try await offThread { try peer.receive(exactly: 10) }.count == 10)
        }
    }

    /// The end has come in order; that sending fails afterwards does not change it.
    @Test func theEndStaysTheEndWhenSendingFails() async throws {
        try await withStream(closesPeer: false) { loop, stream, peer in
            try peer.send("bye")
            peer.endWriting()
            #expect(try await stream.receive() == Array("bye".utf8))
            #expect(try await stream.receive() == nil)
            // Unread bytes make the close a reset.
            try await stream.send("unread")
            peer.close()
            let error = await failure { () async throws -> Void in
                while true { try await stream.send(pattern(10_000)) }
            }
            #expect(error is StreamError)
            try await until(loop) { stream.core.isGone }
            #expect(try await stream.receive() == nil)
            #expect(try await stream.receive(exactly: 2) == nil)
        }
    }

    @Test func aResetBreaksTheStreamForEver() async throws {
        try await withStream(closesPeer: false) { loop, stream, peer in
            let waiting = loop.spawn { _ in try await stream.receive() }
            try await stream.receiverWaits(loop)
            peer.reset()
            await expect(.broken(.connectionReset)) { try await waiting.value }
            for _ in 0..<3 {
                await expect(.broken(.connectionReset)) { try await stream.receive() }
                await expect(.broken(.connectionReset)) { try await stream.send("x") }
                await expect(.broken(.connectionReset)) { try await stream.sendEOF() }
                await expect(.broken(.connectionReset)) { try await stream.waitForRoom() }
            }
            // There was no grace to lose any more.
            try await stream.close()
            await expect(.closed) { try await stream.receive() }
        }
    }

    @Test func whatCameBeforeAResetIsReceivedFirst() async throws {
        try await withStream(closesPeer: false) { loop, stream, peer in
            try peer.send("before")
            try await stream.hasReadAhead(6, loop)
            peer.reset()
            try await until(loop) { stream.core.isGone }
            await expect(.broken(.connectionReset)) { try await stream.receive(exactly: 7) }
            await expect(.broken(.connectionReset)) { try await stream.receive(until: "\n") }
            #expect(try await stream.receive(upTo: 3) == Array("bef".utf8))
            #expect(try await stream.receive() == Array("ore".utf8))
            await expect(.broken(.connectionReset)) { try await stream.receive() }
        }
    }

    @Test func anIncompleteRecordStaysToBeReceived() async throws {
        try await withStream { loop, stream, peer in
            let exactly = loop.spawn { _ in try await stream.receive(exactly: 10) }
            try await stream.receiverWaits(loop)
            try peer.send("1234567")
            peer.endWriting()
            await expect(.incomplete(available: 7)) { try await exactly.value }
            await expect(.incomplete(available: 7)) { try await stream.receive(exactly: 8) }
            await expect(.incomplete(available: 7)) {
                try await stream.withReceived(exactly: 8) { $0.byteCount }
            }
            await expect(.incomplete(available: 7)) { try await stream.receive(until: "\n") }
            #expect(try await stream.receive(exactly: 3) == Array("123".utf8))
            await expect(.incomplete(available: 4)) { try await stream.receive(exactly: 5) }
            #expect(try await stream.peek(atLeast: 9) == Array("4567".utf8))
            #expect(try await stream.receiveLine() == "4567")
            #expect(try await stream.receive(exactly: 1) == nil)
        }
    }

    @Test(arguments: [false, true])
    func anIncompleteFillingStaysToBeReceived(_ waits: Bool) async throws {
        try await withStream { loop, stream, peer in
            // Sound: one task at a time uses it.
            nonisolated(unsafe) let memory = UnsafeMutableRawBufferPointer.allocate(
                byteCount: 10, alignment: 1)
            defer { memory.deallocate() }
            let sending = loop.spawn { loop in
                if waits { try await stream.receiverWaits(loop) }
                try peer.send("1234")
                try await until(loop) { stream.transport.receivedByteCount == 4 }
                try peer.send("567")
                peer.endWriting()
            }
            if !waits { try await sending.value }
            await expect(.incomplete(available: 7)) { try await stream.receive(filling: memory) }
            try await sending.value
            await expect(.incomplete(available: 7)) { try await stream.receive(filling: memory) }
            #expect(try await stream.receive(exactly: 7) == Array("1234567".utf8))
            #expect(try await stream.receive(filling: memory) == false)
            #expect(try await stream.receive(into: memory) == 0)
        }
    }

    @Test(arguments: Caller.allCases)
    func argumentsThatMakeNoSense(_ caller: Caller) async throws {
        try await withStream { loop, stream, peer in
            try peer.send("here")
            try await stream.hasReadAhead(4, loop)
            let empty = [UInt8]()
            try await caller.run(loop) {
                // Sound: there is no memory.
                nonisolated(unsafe) let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
                for bad in [0, -1, .min] {
                    await expect(.invalidArgument) { try await stream.receive(upTo: bad) }
                    await expect(.invalidArgument) { try await stream.receive(exactly: bad) }
                    await expect(.invalidArgument) { try await stream.peek(atLeast: bad) }
                    await expect(.invalidArgument) { try await stream.setReceiveLimit(bad) }
                    await expect(.invalidArgument) {
                        try await stream.withReceived(upTo: bad) { $0.byteCount }
                    }
                    await expect(.invalidArgument) {
                        try await stream.withReceived(exactly: bad) { $0.byteCount }
                    }
                    await expect(.invalidArgument) {
                        try await stream.receive(until: "\n", limit: bad)
                    }
                }
                await expect(.invalidArgument) { try await stream.receive(into: none) }
                await expect(.invalidArgument) { try await stream.receive(filling: none) }
                await expect(.invalidArgument) { try await stream.receive(until: empty) }
                await expect(.invalidArgument) { try await stream.receive(until: "ab", limit: 1) }
                let error = await failure { try await stream.setWriteBufferLimits(low: 2, high: 1) }
                #expect(error as? UVError == .invalidArgument)
            }
            #expect(try await stream.receive() == Array("here".utf8))
        }
    }

    @Test func largePiecesLieInOnePiece() async throws {
        try await withStream { loop, stream, peer in
            let sizes = [65_535, 65_536, 65_537, 200_000, 1_048_576, 1_048_577, 3_000_000, 10]
            let total = sizes.reduce(0, +)
            let sending = Task { try await offThread { try peer.send(pattern(total)) } }
            var start = 0
            for (index, size) in sizes.enumerated() {
                let isRight =
                    switch index % 3 {
                    case 0: try await stream.receive(exactly: size) == pattern(start..<start + size)
                    case 1:
                        try await stream.withReceived(exactly: size) {
                            Array($0) == pattern(start..<start + size)
                        }
                    default:
                        try await stream.peek(atLeast: size).prefix(size)
                            == stream.receive(exactly: size)![...]
                    }
                #expect(isRight == true, "\(size)")
                start += size
            }
            try await sending.value
        }
    }

    @Test func theCallersMemoryIsFilledStraight() async throws {
        try await withStream { loop, stream, peer in
            let sizes = [1, 3_000_000, 65_536, 5, 1_000_000]
            let total = sizes.reduce(0, +)
            let sending = Task { try await offThread { try peer.send(pattern(total)) } }
            var start = 0
            for size in sizes {
                // Sound: one task at a time uses it.
                nonisolated(unsafe) let memory = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: size, alignment: 1)
                defer { memory.deallocate() }
                #expect(try await stream.receive(filling: memory))
                #expect(Array(memory) == pattern(start..<start + size), "\(size)")
                start += size
            }
            try await sending.value
        }
    }
}
