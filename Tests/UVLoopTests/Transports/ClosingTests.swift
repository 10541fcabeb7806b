import Testing

@testable import UVLoop

/// Graceful and other ends, and which bytes survive them.
@Suite(.timeLimit(.minutes(1)))
struct ClosingTests {
    @Test(arguments: ProtocolKind.allCases, Wire.allCases)
    func megabytesSurviveACloseWithUnreadInput(_ kind: ProtocolKind, _ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = kind.newRecorder()
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            let peer = try await loop.accept(recorder, on: wire.address)
            let unread = peer.sendUntilFull()
            #expect(unread > 0)
            var random = SeededGenerator(seed: 5)
            let sent = random.bytes(5_000_000)
            try recorder.transport.write(sent)
            recorder.transport.close()
            let received = try await offThread { try peer.receiveToEnd(slowly: true) }
            let isWhole = received == sent
            #expect(isWhole)
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil)
            #expect(recorder.byteCount == 0)
            #expect(recorder.livedByTheRules)
        }
    }

    /// The peer writes all it has before it reads: nobody gets on unless its bytes are read, too.
    @Test(arguments: Wire.allCases)
    func closeReadsFromAPeerThatWritesFirst(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            let peer = try await loop.accept(recorder, on: wire.address)
            try recorder.transport.write([UInt8](repeating: 1, count: 20_000_000))
            recorder.transport.close()
            let received = try await offThread {
                try peer.send([UInt8](repeating: 2, count: 20_000_000))
                return try peer.countToEnd()
            }
            #expect(received == 20_000_000)
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil)
        }
    }

    @Test(arguments: Wire.allCases)
    func aPeerThatNeverEndsIsWaitedForAsLongAsTheTimeout(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = {
                #expect($0.transport.closeTimeout == .seconds(5))
            }
            let peer = try await loop.accept(recorder, on: wire.address)
            recorder.transport.closeTimeout = .milliseconds(40)
            let start = ContinuousClock.now
            recorder.transport.close()
            try await until(loop) { recorder.isLost }
            #expect(ContinuousClock.now - start >= .milliseconds(40))
            #expect(recorder.lostError == nil)
            #expect(recorder.livedByTheRules)
            peer.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func closeIsIdempotentAndAbortEndsIt(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            let transport = recorder.transport
            transport.close()
            transport.close()
            transport.writeEOF()
            #expect(transport.isClosed)
            await turns(loop, for: .milliseconds(2))
            #expect(!recorder.isLost, "the peer's end is waited for")
            transport.abort()
            transport.abort()
            transport.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
            peer.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func connectionLostComesLaterNotInsideClose(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            recorder.transport.abort()
            #expect(!recorder.isLost)
            try await until(loop) { recorder.isLost }
            peer.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func abortDropsTheQueue(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            try recorder.transport.write([UInt8](repeating: 1, count: 50_000_000))
            let queued = recorder.transport.bufferedByteCount
            #expect(queued > 0)
            recorder.transport.abort()
            try await until(loop) { recorder.isLost }
            let received = try await offThread { (try? peer.countToEnd()) ?? 0 }
            #expect(received <= 50_000_000 - queued)
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
            peer.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func nothingIsDeliveredAfterClose(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            try peer.send("before")
            try await until(loop) { recorder.byteCount == 6 }
            recorder.transport.close()
            try peer.send("after")
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.byteCount == 6)
            #expect(recorder.count(of: .eofReceived) == 0)
        }
    }

    @Test(arguments: Wire.allCases)
    func closeAfterWriteEOFNeedsNothingMore(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            try recorder.transport.write("all")
            recorder.transport.writeEOF()
            recorder.transport.close()
            let bytes = try await offThread { try peer.receiveToEnd() }
            #expect(bytes == Array("all".utf8))
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    @Test(arguments: ProtocolKind.allCases)
    func aResetIsTheError(_ kind: ProtocolKind) async throws {
        try await onLoop { loop in
            let recorder = kind.newRecorder()
            let peer = try await loop.accept(recorder)
            peer.reset()
            try await until(loop) { recorder.isLost }
            #expect(recorder.uvError == .connectionReset)
            #expect(recorder.count(of: .eofReceived) == 0)
            #expect(recorder.livedByTheRules)
        }
    }

    @Test(arguments: [true, false])
    func aResetInTheMidstOfWritingIsTheError(_ closing: Bool) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, receiveBuffer: 4_096)
            try recorder.transport.write([UInt8](repeating: 1, count: 20_000_000))
            if closing { recorder.transport.close() }
            _ = try await offThread { try peer.receive(exactly: 100_000) }
            peer.reset()
            try await until(loop) { recorder.isLost }
            #expect([.connectionReset, .brokenPipe].contains(recorder.uvError))
            #expect(recorder.livedByTheRules)
        }
    }

    @Test(arguments: Wire.allCases)
    func writingOnToAPeerThatHasGoneEndsInAnError(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.keepsOpen = true
            let peer = try await loop.accept(recorder, on: wire.address)
            peer.close()
            try await until(loop) { recorder.count(of: .eofReceived) == 1 }
            while !recorder.isLost {
                // Not thrown, but told in connectionLost.
                if !recorder.transport.isClosed { try recorder.transport.write("anyone?") }
                await turns(loop, for: .milliseconds(1))
            }
            #expect([.connectionReset, .brokenPipe].contains(recorder.uvError))
            #expect(recorder.livedByTheRules)
        }
    }
}
