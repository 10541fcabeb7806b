import Testing

@testable import UVLoop

/// What comes while nobody waits is kept, up to a limit; then the peer has to wait.
@Suite(.timeLimit(.minutes(1)))
struct ReadAheadTests {
    @Test func aPeerIsSlowedDownAndNothingIsLost() async throws {
        try await withStream { loop, stream, peer in
            let total = 12_000_000
            let sent = Counter()
            let sending = Task {
                try await offThread {
                    for start in stride(from: 0, to: total, by: 100_000) {
                        try peer.send(pattern(start..<start + 100_000))
                        sent.increment()
                    }
                }
            }
            try await stream.hasReadAhead(65_536, loop)
            // More would come if it could.
            await turns(loop, for: .milliseconds(50))
            #expect(stream.core.availableCount == 65_536)
            #expect(!stream.transport.isReading)
            // What the systems buffer on the way is far less than all.
            #expect(sent.value < 90)
            var received = 0
            while received < total {
                let chunk = try await stream.receive()!
                #expect(chunk == pattern(received..<received + chunk.count))
                received += chunk.count
                #expect(stream.core.availableCount <= 65_536)
            }
            try await sending.value
            peer.endWriting()
            #expect(try await stream.receive() == nil)
        }
    }

    @Test(arguments: [1, 10, 1_000, 300_000])
    func theLimitCanBeSet(_ limit: Int) async throws {
        try await withStream { loop, stream, peer in
            try await stream.setReceiveLimit(limit)
            let bytes = pattern(400_000)
            let sending = Task { try await offThread { try peer.send(bytes) } }
            try await stream.hasReadAhead(limit, loop)
            await turns(loop, for: .milliseconds(10))
            #expect(stream.core.availableCount == limit)
            // Larger pieces can be received all the same.
            let part = min(2 * limit, 300_000)
            #expect(try await stream.receive(exactly: part) == Array(bytes[..<part]))
            #expect(
                try await stream.receive(exactly: 400_000 - part) == Array(bytes[part...]))
            try await sending.value
        }
    }

    @Test func theLimitCanBeLoweredAndRaised() async throws {
        try await withStream { loop, stream, peer in
            let bytes = pattern(1_000_000)
            let sending = Task { try await offThread { try peer.send(bytes) } }
            try await stream.hasReadAhead(65_536, loop)
            // What has come already is kept.
            try await stream.setReceiveLimit(100)
            #expect(try await stream.receive(exactly: 65_000) == Array(bytes[..<65_000]))
            await turns(loop, for: .milliseconds(5))
            #expect(stream.core.availableCount == 536)
            #expect(try await stream.receive(exactly: 536) == Array(bytes[65_000..<65_536]))
            #expect(try await stream.receive(upTo: 1) == [bytes[65_536]])
            try await stream.setReceiveLimit(200_000)
            let rest = Array(bytes[65_537...])
            #expect(try await stream.receive(exactly: rest.count) == rest)
            try await sending.value
        }
    }

    /// The memory of a stream at rest is given back.
    @Test func aStreamAtRestHasNoMemoryForBytes() async throws {
        try await withStream { loop, stream, peer in
            for size in [10, 60_000, 1_000_000, 1_000_000] {
                let bytes = pattern(size)
                let sending = Task { try await offThread { try peer.send(bytes) } }
                if size < 65_536 { try await stream.hasReadAhead(size, loop) }
                #expect(try await stream.receive(exactly: size) == bytes)
                try await sending.value
            }
            for _ in 0..<3 {
                let waiting = loop.spawn { _ in try await stream.receive() }
                try await stream.receiverWaits(loop)
                try peer.send("x")
                #expect(try await waiting.value == Array("x".utf8))
            }
            let waiting = loop.spawn { _ in try await stream.receive() }
            try await stream.receiverWaits(loop)
            #expect(stream.core.readAhead == nil)
            stream.abort()
            await expect(.closed) { try await waiting.value }
        }
    }

    /// From the second on, what comes in one read with the first part of a long message lies in the
    /// message's own memory, so that the first part need not be copied to there.
    @Test func whatComesBeforeALongMessageLiesWithIt() async throws {
        try await withStream { loop, stream, peer in
            try await stream.setReceiveLimit(4 << 20)
            for round in 0..<4 {
                let waiting = loop.spawn { loop in
                    let isShared = try await stream.withReceived(exactly: 4) {
                        $0.withUnsafeBytes {
                            loop.core.readBuffers.haveBase(.init(mutating: $0.baseAddress!))
                        }
                    }
                    return (isShared, try await stream.receive(exactly: 1_000_000))
                }
                try await stream.receiverWaits(loop)
                let sending = Task {
                    try await offThread { try peer.send(pattern(4) + pattern(1_000_000)) }
                }
                let (isShared, message) = try await waiting.value
                #expect(isShared == (round == 0))
                #expect(message == pattern(1_000_000))
                try await sending.value
            }
            stream.abort()
        }
    }

    /// Receives a head of four bytes and a message, which the peer sends as one. Returns how many
    /// bytes were read until the head was there.
    private func receiveHeadAndMessage(
        _ loop: isolated EventLoop, _ stream: SocketStream, _ peer: RawSocket, _ length: Int
    ) async throws -> Int {
        let waiting = loop.spawn { _ in
            let before = stream.transport.receivedByteCount
            let head = try await stream.receive(exactly: 4)
            #expect(head == pattern(4))
            let read = stream.transport.receivedByteCount - before
            let isWhole = try await stream.withReceived(exactly: length) { bytes in
                bytes.withUnsafeBytes { pattern(length).elementsEqual($0) }
            }
            #expect(isWhole == true)
            return read
        }
        try await stream.receiverWaits(loop)
        let sending = Task { try await offThread { try peer.send(pattern(4) + pattern(length)) } }
        let read = try await waiting.value
        try await sending.value
        return read
    }

    /// Once such messages come; and no more once they have ceased to.
    @Test func whatComesBeforeAVeryLongMessageIsReadAlone() async throws {
        try await withStream { loop, stream, peer in
            try await stream.setReceiveLimit(4 << 20)
            for round in 0..<3 {
                let read = try await receiveHeadAndMessage(loop, stream, peer, 1_000_000)
                #expect((read == 4) == (round > 0), "\(read)")
            }
            for round in 0..<3 {
                let read = try await receiveHeadAndMessage(loop, stream, peer, 1_000)
                #expect((read == 4) == (round == 0), "\(read)")
            }
        }
    }

    @Test func whoTakesWhatComesGetsItAlsoAfterAVeryLongMessage() async throws {
        try await withStream { loop, stream, peer in
            try await stream.setReceiveLimit(4 << 20)
            for _ in 0..<3 {
                _ = try await receiveHeadAndMessage(loop, stream, peer, 1_000_000)
                let waiting = loop.spawn { _ in try await stream.receive() }
                try await stream.receiverWaits(loop)
                try peer.send(pattern(1_000))
                let chunk = try await waiting.value
                #expect(chunk == pattern(1_000))
            }
        }
    }

    /// With a limit that allows them, long messages have memory of their own as long as they come.
    @Test func memoryForLongMessagesIsKeptWhileTheyCome() async throws {
        try await withStream { loop, stream, peer in
            try await stream.setReceiveLimit(2 << 20)
            func exchange(_ sizes: [Int]) async throws {
                let bytes = sizes.map { pattern($0) }
                let sending = Task {
                    try await offThread { for piece in bytes { try peer.send(piece) } }
                }
                for piece in bytes {
                    #expect(try await stream.receive(exactly: piece.count) == piece)
                }
                try await sending.value
            }
            for _ in 0..<20 {
                try await exchange([4, 1_000_000])
                #expect(try #require(stream.core.readAhead).buffer.capacity >= 1_000_000)
            }
            // It is looked at when somebody waits.
            for _ in 0..<3 {
                let waiting = loop.spawn { _ in try await stream.receive(exactly: 4) }
                try await stream.receiverWaits(loop)
                try peer.send(pattern(4))
                #expect(try await waiting.value == pattern(4))
            }
            #expect(stream.core.readAhead?.buffer.capacity == 0)
            stream.abort()
        }
    }

    /// A message that fills the limit has memory within the limit, which is kept: with what goes
    /// before it, it would take more.
    @Test func memoryForTheLongestMessagesIsKept() async throws {
        try await withStream { loop, stream, peer in
            let limit = 1 << 20
            try await stream.setReceiveLimit(limit)
            for _ in 0..<5 {
                let waiting = loop.spawn { _ in
                    let head = try await stream.receive(exactly: 4)
                    return (head, try await stream.receive(exactly: limit))
                }
                try await stream.receiverWaits(loop)
                let sending = Task {
                    try await offThread { try peer.send(pattern(4) + pattern(limit)) }
                }
                let (head, message) = try await waiting.value
                #expect(head == pattern(4) && message == pattern(limit))
                try await sending.value
                #expect(stream.core.readAhead?.buffer.capacity == limit)
            }
            stream.abort()
        }
    }

    /// A stream that holds the network still hears how it ends, once it is read again.
    @Test func theEndBehindAFullBufferIsFound() async throws {
        try await withStream { loop, stream, peer in
            try await stream.setReceiveLimit(1_000)
            try peer.send(pattern(5_000))
            peer.endWriting()
            try await stream.hasReadAhead(1_000, loop)
            await turns(loop, for: .milliseconds(5))
            #expect(!stream.core.hasReadEnd)
            var received: [UInt8] = []
            for try await chunk in stream { received += chunk }
            #expect(received == pattern(5_000))
        }
    }

    /// Whoever leaves bytes finds them in front of those that come later.
    @Test func leftOversStayInOrder() async throws {
        try await withStream { loop, stream, peer in
            var expected: [UInt8] = []
            var received: [UInt8] = []
            for round in 0..<200 {
                let bytes = pattern(round * 7..<round * 7 + 7)
                expected += bytes
                let waiting = loop.spawn { _ in try await stream.receive(upTo: round % 9 + 1)! }
                if received.count == expected.count - 7 { try await stream.receiverWaits(loop) }
                try peer.send(bytes)
                received += try await waiting.value
                if round % 10 == 9 {
                    received += try await stream.receive(exactly: expected.count - received.count)!
                }
            }
            #expect(received == expected)
        }
    }
}
