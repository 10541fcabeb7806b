import Testing

@testable import UVLoop

/// What sends, when it returns, and what a send that was cut off leaves.
@Suite(.timeLimit(.minutes(1)))
struct SendingTests {
    @Test func aSendReturnsWithinTheHighMark() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.withTransport { try $0.setSendBufferSize(4_096) }
            var sent = 0
            // As much as the mark allows is queued without a wait.
            while stream.transport.bufferedByteCount + 1_000 <= 65_536 {
                try await stream.send(pattern(sent..<sent + 1_000), timeout: .seconds(50))
                sent += 1_000
            }
            #expect(!stream.core.isClogged)
            let start = sent
            let waiting = loop.spawn { _ in
                try await stream.send(pattern(start..<start + 100_000))
                return stream.transport.bufferedByteCount
            }
            try await stream.senderWaits(loop)
            #expect(stream.transport.bufferedByteCount > 65_536)
            let receiving = Task {
                try await offThread { try peer.receive(exactly: start + 100_000) }
            }
            // It goes on at the low mark.
            #expect(try await waiting.value <= 16_384)
            #expect(try await receiving.value == pattern(start + 100_000))
        }
    }

    @Test func theMarksCanBeSet() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.withTransport { try $0.setSendBufferSize(4_096) }
            try await stream.setWriteBufferLimits(low: 1_000, high: 1_000_000)
            // Nobody reads: all of it is queued.
            for _ in 0..<9 { try await stream.send(pattern(100_000)) }
            try await stream.setWriteBufferLimits(low: 0, high: 0)
            let waiting = loop.spawn { _ in
                try await stream.waitForRoom()
                return stream.transport.bufferedByteCount
            }
            try await stream.senderWaits(loop)
            let received = Task { try await offThread { try peer.receive(exactly: 900_000) } }
            #expect(try await waiting.value == 0)
            #expect(try await received.value.count == 900_000)
        }
    }

    @Test func everyContainer() async throws {
        try await withStream { loop, stream, peer in
            let array = Array("array ".utf8)
            try await stream.send(array)
            try await stream.send(array[2...])
            try await stream.send(ContiguousArray(array))
            try await stream.send("string ")
            try await stream.send("substring ".dropFirst(3))
            try await stream.send("static " as StaticString)
            try await stream.send("0123456789".utf8.filter { $0 % 2 == 0 }.reversed())
            try await stream.send("utf8 ".utf8)
            try await array.withUnsafeBytesAsync { try await stream.send($0) }
            try await stream.send(CollectionOfOne(0x2E))
            try await stream.send([])
            try await stream.send("")
            try await stream.sendAll([])
            try await stream.sendAll([array, "", "piece ", array[3...], "x" as StaticString])
            try await stream.sendEOF()
            let received = try await offThread { try peer.receiveToEnd() }
            #expect(
                String(decoding: received, as: UTF8.self)
                    == "array ray array string string static 86420utf8 array .array piece ay x")
        }
    }

    /// Also when the socket takes them only bit by bit, and many tasks send.
    @Test func piecesStayTogether() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.withTransport { try $0.setSendBufferSize(4_096) }
            let received = Task { try await offThread { try peer.receiveToEnd() } }
            try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        let byte = UInt8(number)
                        let parts: [[UInt8]] = (0..<20).map { _ in
                            [UInt8](repeating: byte, count: 700)
                        }
                        try await whileBusy { try await stream.sendAll(parts) }
                    }
                }
                try await group.waitForAll()
            }
            try await stream.sendEOF()
            let bytes = try await received.value
            #expect(bytes.count == 20 * 14_000)
            var numbers: Set<UInt8> = []
            for start in stride(from: 0, to: bytes.count, by: 14_000) {
                let isWhole = bytes[start..<start + 14_000].allSatisfy { $0 == bytes[start] }
                #expect(isWhole)
                numbers.insert(bytes[start])
            }
            #expect(numbers.count == 20)
        }
    }

    @Test func aSecondUserIsToldSo() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            let receiving = loop.spawn { _ in try await stream.receive() }
            try await stream.receiverWaits(loop)
            await expect(.busy) { try await stream.receive() }
            await expect(.busy) { try await stream.receive(until: "\n") }
            await expect(.busy) { try await stream.receive(exactly: 1, timeout: .zero) }
            await expect(.busy) { try await stream.withReceived { $0.byteCount } }
            await expect(.busy) { try await stream.peek() }
            // The other direction is free.
            try await stream.clog()
            let sending = loop.spawn { _ in try await stream.waitForRoom() }
            try await stream.senderWaits(loop)
            await expect(.busy) { try await stream.send("x") }
            await expect(.busy) { try await stream.send([]) }
            await expect(.busy) { try await stream.sendAll(["x"]) }
            await expect(.busy) { try await stream.sendEOF() }
            await expect(.busy) { try await stream.waitForRoom() }
            // Those who were refused have disturbed nobody.
            try peer.send("hello")
            #expect(try await receiving.value == Array("hello".utf8))
            let draining = Task { try await offThread { try peer.countToEnd() } }
            try await sending.value
            try await stream.sendEOF()
            #expect(try await draining.value == stream.transport.sentByteCount)
        }
    }

    @Test(arguments: [false, true])
    func aSendThatIsCutOffEndsTheSendingSide(_ byTimeout: Bool) async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.clog()
            let sending = loop.spawn { _ in
                while true {
                    try await stream.send(
                        pattern(10_000), timeout: byTimeout ? .milliseconds(5) : nil)
                }
            }
            if byTimeout {
                await expect(.timedOut) { try await sending.value }
            } else {
                try await stream.senderWaits(loop)
                sending.cancel()
                await expectCancelled { try await sending.value }
            }
            let draining = Task { try await offThread { try peer.receive(exactly: 10_000) } }
            _ = try await draining.value
            for _ in 0..<2 {
                await expect(.broken(.canceled)) { try await stream.send("x") }
                await expect(.broken(.canceled)) { try await stream.sendAll(["x"]) }
                await expect(.broken(.canceled)) { try await stream.sendEOF() }
                await expect(.broken(.canceled)) { try await stream.waitForRoom() }
            }
            try peer.send("still received")
            #expect(try await stream.receive(exactly: 14)?.count == 14)
        }
    }

    @Test func aWaitForRoomThatIsCutOffChangesNothing() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            // Not by a send, which would be cut off.
            try await stream.clog(with: pattern(10_000))
            let waiting = loop.spawn { _ in try await stream.waitForRoom() }
            try await stream.senderWaits(loop)
            waiting.cancel()
            await expectCancelled { try await waiting.value }
            await expect(.timedOut) { try await stream.waitForRoom(timeout: .milliseconds(1)) }
            await expect(.timedOut) { try await stream.waitForRoom(timeout: .zero) }
            let draining = Task { try await offThread { try peer.countToEnd() } }
            try await stream.send("the end")
            try await stream.sendEOF()
            #expect(try await draining.value % 10_000 == 7)
        }
    }

    @Test func aPeerThatHasGoneBreaksTheStreamForGood() async throws {
        try await withStream(closesPeer: false) { loop, stream, peer in
            try await stream.send("unread")
            peer.close()
            let error = await failure { () async throws -> Void in
                while true { try await stream.send(pattern(100_000)) }
            }
            guard case StreamError.broken(let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect([.connectionReset, .brokenPipe].contains(reason))
            for _ in 0..<5 {
                await expect(.broken(reason)) { try await stream.send("x") }
                await expect(.broken(reason)) { try await stream.send([]) }
                await expect(.broken(reason)) { try await stream.sendEOF() }
                await turns(loop, for: .zero)
            }
        }
    }

    @Test func aSenderThatWaitsHearsOfTheReset() async throws {
        try await withStream(receiveBuffer: 4_096, closesPeer: false) { loop, stream, peer in
            try await stream.clog()
            let waiting = loop.spawn { _ in try await stream.waitForRoom() }
            try await stream.senderWaits(loop)
            peer.reset()
            let error = await failure { try await waiting.value }
            guard case StreamError.broken? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func sendEOFEndsOneDirectionOnly() async throws {
        try await withStream { loop, stream, peer in
            try await stream.send("all")
            for _ in 0..<3 { try await stream.sendEOF() }
            await expect(.closed) { try await stream.send("x") }
            await expect(.closed) { try await stream.send([]) }
            await expect(.closed) { try await stream.waitForRoom() }
            #expect(try await offThread { try peer.receiveToEnd() } == Array("all".utf8))
            try peer.send("answer")
            #expect(try await stream.receive() == Array("answer".utf8))
            try await stream.sendEOF()
            peer.endWriting()
            #expect(try await stream.receive() == nil)
            // Both have ended: the connection is gone by itself.
            try await until(loop) { stream.core.isGone }
            try await stream.sendEOF()
            await expect(.closed) { try await stream.send("x") }
            #expect(try await stream.receive() == nil)
            try await stream.close()
        }
    }

    @Test func sendEOFWhileCloggedFollowsWhatIsQueued() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.setWriteBufferLimits(low: 0, high: 10_000_000)
            try await stream.send(pattern(3_000_000))
            #expect(stream.transport.bufferedByteCount > 0)
            try await stream.sendEOF()
            await expect(.closed) { try await stream.send("x") }
            #expect(try await offThread { try peer.receiveToEnd() } == pattern(3_000_000))
        }
    }
}

/// Tries again as long as another task is in the way.
private nonisolated(nonsending) func whileBusy(
    _ operation: nonisolated(nonsending) () async throws -> Void
) async throws {
    while true {
        do {
            return try await operation()
        } catch StreamError.busy {
            await Task.yield()
        }
    }
}

extension Array<UInt8> {
    /// Lends the bytes for as long as an async closure runs.
    fileprivate nonisolated(nonsending) func withUnsafeBytesAsync(
        _ body: nonisolated(nonsending) (UnsafeRawBufferPointer) async throws -> Void
    ) async throws {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: self)
        try await body(UnsafeRawBufferPointer(memory))
    }
}
