import Testing

@testable import UVLoop

/// Sending what the system takes at once.
@Suite(.timeLimit(.minutes(1)))
struct TrySendTests {
    @Test func whatIsTakenArrives() async throws {
        try await withStream { _, stream, peer in
            let bytes = Array("at once".utf8)
            #expect(try stream.trySend(bytes.span.bytes).isEmpty)
            #expect(try stream.trySend([UInt8]().span.bytes).isEmpty)
            let received = try await offThread { try peer.receive(exactly: 7) }
            #expect(received == bytes)
        }
    }

    /// What is given back, sent later, makes it whole.
    @Test func theRestIsGivenBack() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.withTransport { try $0.setSendBufferSize(4_096) }
            let bytes = pattern(1_000_000)
            let rest = try stream.trySend(bytes.span.bytes)
            #expect(!rest.isEmpty && rest.count < bytes.count)
            #expect(rest == Array(bytes.suffix(rest.count)))
            #expect(stream.transport.bufferedByteCount == 0)
            let receiving = Task { try await offThread { try peer.receive(exactly: 1_000_000) } }
            try await stream.send(rest)
            #expect(try await receiving.value == bytes)
        }
    }

    @Test func whatIsQueuedGoesFirst() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.withTransport { try $0.setSendBufferSize(4_096) }
            try await stream.setWriteBufferLimits(low: 0, high: 1_000_000)
            try await stream.send(pattern(500_000))
            #expect(stream.transport.bufferedByteCount > 0)
            let late = Array("late".utf8)
            #expect(try stream.trySend(late.span.bytes) == late)
            let received = try await offThread { try peer.receive(exactly: 500_000) }
            #expect(received == pattern(500_000))
        }
    }

    @Test func elsewhereNothingIsTaken() async throws {
        let thread = try EventLoopThread()
        let (stream, peer) = try await thread.loop.streamAndPeer()
        let bytes = Array("elsewhere".utf8)
        #expect(try stream.trySend(bytes.span.bytes) == bytes)
        stream.abort()
        peer.close()
        await thread.shutdown()
    }

    @Test func refusals() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            let byte: [UInt8] = [1]
            let cancelled = loop.spawn { _ in
                while !Task.isCancelled { await Task.yield() }
                _ = try stream.trySend(byte.span.bytes)
            }
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            // Nothing was sent, and it is known: the stream goes on.
            #expect(try stream.trySend(byte.span.bytes).isEmpty)

            try await stream.withTransport { try $0.setSendBufferSize(4_096) }
            let waiting = loop.spawn { _ in try await stream.send(pattern(1_000_000)) }
            try await stream.senderWaits(loop)
            #expect(throws: StreamError.busy) { try stream.trySend(byte.span.bytes) }
            stream.abort()
            await expect(.closed) { try await waiting.value }
            #expect(throws: StreamError.closed) { try stream.trySend(byte.span.bytes) }
        }
    }

    @Test func theEchoOfTheDocumentation() async throws {
        try await onLoop { loop in
            let (ours, theirs) = try await loop.streamPair()
            let echo = loop.spawn { _ in
                var rest: [UInt8] = []
                while try await ours.withReceived({ rest = try ours.trySend($0) }) != nil {
                    if !rest.isEmpty { try await ours.send(rest) }
                }
                try await ours.close()
            }
            let sending = loop.spawn { _ in
                try await theirs.send(pattern(2_000_000))
                try await theirs.sendEOF()
            }
            var received: [UInt8] = []
            for try await chunk in theirs { received += chunk }
            try await sending.value
            try await echo.value
            #expect(received == pattern(2_000_000))
        }
    }
}
