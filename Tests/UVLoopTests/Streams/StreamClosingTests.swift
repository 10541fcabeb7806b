import Testing

@testable import UVLoop

/// `close` is graceful and always closes.
///
/// One after the other: each has a loop with a thread of its own, and there are many.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct StreamClosingTests {
    @Test func megabytesReachASlowPeerInSpiteOfUnreadInput() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.setWriteBufferLimits(high: 20_000_000)
            try peer.send(pattern(100_000))
            try await stream.hasReadAhead(65_536, loop)
            let total = 3_000_000
            try await stream.send(pattern(total))
            let received = Task {
                try await offThread {
                    let bytes = try peer.receiveToEnd(slowly: true)
                    // Also this is not to reset the connection.
                    try peer.send(pattern(100_000))
                    peer.endWriting()
                    return bytes
                }
            }
            try await stream.close(timeout: .seconds(50))
            #expect(try await received.value == pattern(total))
            #expect(stream.transport.state.phase == .closed)
        }
    }

    @Test func itWaitsForThePeersEnd() async throws {
        try await withStream { loop, stream, peer in
            try await stream.withTransport { $0.closeTimeout = .seconds(50) }
            let closing = loop.spawn { _ in
                try await stream.close()
                return stream.transport.state.phase
            }
            #expect(try await offThread { try peer.receiveToEnd() } == [])
            try await until(loop) { stream.transport.state.phase == .draining }
            try peer.send("dropped")
            await turns(loop, for: .milliseconds(5))
            #expect(stream.transport.state.phase == .draining)
            peer.endWriting()
            #expect(try await closing.value == .closed)
        }
    }

    @Test func aPeerThatNeverReadsIsTooLate() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.clog()
            await expect(.timedOut) { try await stream.close(timeout: .milliseconds(20)) }
            #expect(stream.transport.state.phase == .closed)
            await expect(.closed) { try await stream.send("x") }
            try await stream.close()
        }
    }

    @Test(arguments: [Duration.zero, .milliseconds(10), .seconds(-1)])
    func aPeerThatOnlyDoesNotEndItsSideIsNoError(_ timeout: Duration) async throws {
        try await withStream { loop, stream, peer in
            try await stream.send("taken")
            if timeout <= .zero {
                // Not before the system has shut the socket down.
                try await stream.sendEOF()
                try await until(loop) { stream.transport.state.writing == .ended }
            }
            try await stream.close(timeout: timeout)
            #expect(stream.transport.state.phase == .closed)
            #expect(try await offThread { try peer.receive(exactly: 5) } == Array("taken".utf8))
        }
    }

    @Test func aPeerIsWaitedForAsLongAsTheTransportSays() async throws {
        try await withStream { loop, stream, peer in
            try await stream.withTransport { $0.closeTimeout = .milliseconds(10) }
            try await stream.close(timeout: .seconds(5_000))
            #expect(stream.transport.state.phase == .closed)
        }
    }

    @Test func aResetOnTheWayIsAnError() async throws {
        try await withStream(receiveBuffer: 4_096, closesPeer: false) { loop, stream, peer in
            try await stream.clog()
            let closing = loop.spawn { _ in try await stream.close() }
            try await until(loop) { stream.transport.state.phase == .flushing }
            peer.reset()
            let error = await failure { try await closing.value }
            guard case StreamError.broken? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(stream.transport.state.phase == .closed)
        }
    }

    @Test(arguments: Caller.allCases)
    func aCancelledTaskClosesAtOnce(_ caller: Caller) async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.clog()
            let closing = loop.spawn { loop in
                try await caller.run(loop) {
                    withUnsafeCurrentTask { $0?.cancel() }
                    await expectCancelled { try await stream.close() }
                }
            }
            try await closing.value
            #expect(stream.transport.state.phase == .closed)
        }
    }

    @Test func aCloseThatIsCancelledCloses() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.clog()
            let closing = loop.spawn { _ in try await stream.close() }
            try await until(loop) { stream.transport.state.phase == .flushing }
            closing.cancel()
            await expectCancelled { try await closing.value }
            #expect(stream.transport.state.phase == .closed)
            try await stream.close()
        }
    }

    @Test func twiceAtOnce() async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.setWriteBufferLimits(high: 20_000_000)
            try await stream.send(pattern(3_000_000))
            let closings = (0..<5).map { _ in
                loop.spawn { _ in
                    try await stream.close(timeout: .seconds(50))
                    return stream.transport.state.phase
                }
            }
            let received = Task {
                try await offThread {
                    let bytes = try peer.receiveToEnd()
                    peer.endWriting()
                    return bytes
                }
            }
            for closing in closings { #expect(try await closing.value == .closed) }
            #expect(try await received.value == pattern(3_000_000))
            for _ in 0..<3 { try await stream.close() }
        }
    }

    /// An error of a close means that there was no grace; so no error means that there was.
    @Test(arguments: ["abort", "timeout", "cancel", "loop"])
    func aCloseThatIsOvertakenSaysSo(_ way: String) async throws {
        let thread = try EventLoopThread()
        let (closing, peer) = try await thread.loop.perform { loop in
            let (stream, peer) = try await loop.streamAndPeer(receiveBuffer: 4_096)
            try await stream.clog()
            let closing = Task.detached { await failure { try await stream.close() } }
            try await until(loop) { stream.transport.extras?.closers.count == 1 }
            switch way {
            case "abort": stream.abort()
            case "timeout": await expect(.timedOut) { try await stream.close(timeout: .zero) }
            case "cancel":
                let other = loop.spawn { _ in try await stream.close() }
                other.cancel()
                await expectCancelled { try await other.value }
            default: break
            }
            return (closing, peer)
        }
        if way == "loop" { await thread.shutdown() }
        #expect(await closing.value as? StreamError == .closed)
        await thread.shutdown()
        peer.close()
    }

    @Test func whatWaitsEndsWithClosed() async throws {
        for isGraceful in [false, true] {
            try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
                try await stream.clog()
                let receiving = loop.spawn { _ in try await stream.receive() }
                let sending = Task.detached { try await stream.send(pattern(10)) }
                try await stream.receiverWaits(loop)
                try await stream.senderWaits(loop)
                let closing = loop.spawn { _ in
                    if isGraceful { try await stream.close() } else { stream.abort() }
                }
                await expect(.closed) { try await receiving.value }
                await expect(.closed) { try await sending.value }
                for _ in 0..<2 {
                    await expect(.closed) { try await stream.receive() }
                    await expect(.closed) { try await stream.peek() }
                    await expect(.closed) { try await stream.send("x") }
                    await expect(.closed) { try await stream.sendEOF() }
                    await expect(.closed) { try await stream.waitForRoom() }
                }
                stream.abort()
                _ = try? await closing.value
            }
        }
    }

    @Test func whatHasBeenReadAheadIsNotReceivedAfterAClose() async throws {
        try await withStream { loop, stream, peer in
            try peer.send("bytes")
            try await stream.hasReadAhead(5, loop)
            let closing = loop.spawn { _ in try await stream.close() }
            try await until(loop) { stream.core.isClosed }
            await expect(.closed) { try await stream.receive() }
            peer.endWriting()
            try await closing.value
            await expect(.closed) { try await stream.receive() }
            #expect(stream.core.readAhead == nil)
        }
    }

    @Test(arguments: 1...20)
    func abortFromOtherThreads(_ round: Int) async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.clog()
            let receiving = loop.spawn { _ in try await stream.receive() }
            try await stream.receiverWaits(loop)
            for _ in 0..<4 { startThread { stream.abort() } }
            await expect(.closed) { try await receiving.value }
            try await until(loop) { stream.core.isGone }
            startThread { stream.abort() }
        }
    }
}
