import StreamConformance
import Testing
import UVLoop

/// What the streams in memory promise beyond the contract of all streams.
@Suite(.timeLimit(.minutes(5))) struct MemoryStreamTests {
    @Test func aBufferTakesItsCapacity() async throws {
        let (first, second) = MemoryStream.pair(capacity: 5)
        try await first.send("12345")
        let sending = Task { try await first.send("6") }
        #expect(try await second.receive(upTo: 3) == Array("123".utf8))
        try await sending.value
        #expect(try await second.receive(upTo: 9) == Array("456".utf8))
    }

    @Test func aSendInLockstepEndsWithItsLastByte() async throws {
        let (first, second) = LockstepStream.pair()
        let received = Counter()
        let sending = Task {
            try await first.send("123")
            return received.value
        }
        for _ in 0..<3 {
            // Before the byte is asked for, so that the sender cannot see too few.
            received.increment()
            #expect(try await second.receive(upTo: 1)?.count == 1)
        }
        #expect(try await sending.value == 3)
    }

    @Test func anAbortLosesWhatTheBufferHolds() async throws {
        let (first, second) = MemoryStream.pair()
        try await first.send("lost")
        first.abort()
        await #expect(throws: StreamError.broken(.connectionReset)) {
            try await second.receive(upTo: 9)
        }
        await #expect(throws: StreamError.broken(.connectionReset)) { try await second.send("x") }
    }

    @Test func anEndThatIsForgottenIsAborted() async throws {
        func first() -> MemoryStream { MemoryStream.pair().0 }
        await #expect(throws: StreamError.broken(.connectionReset)) {
            try await first().receive(upTo: 9)
        }
        func second() -> LockstepStream { LockstepStream.pair().1 }
        await #expect(throws: StreamError.broken(.connectionReset)) {
            try await second().receive(upTo: 9)
        }
    }

    @Test func aFailureReachesBothEnds() async throws {
        let (first, second) = MemoryStream.pair()
        let receiving = Task { try await first.receive(upTo: 9) }
        second.fail(.timedOut)
        await #expect(throws: StreamError.broken(.timedOut)) { try await receiving.value }
        for stream in [first, second] {
            await #expect(throws: StreamError.broken(.timedOut)) { try await stream.send("x") }
            // No grace, but closed.
            await #expect(throws: StreamError.broken(.timedOut)) { try await stream.close() }
            await #expect(throws: StreamError.closed) { try await stream.send("x") }
            try await stream.close()
        }

        let (third, fourth) = LockstepStream.pair()
        third.fail()
        await #expect(throws: StreamError.broken(.connectionReset)) {
            try await fourth.receive(upTo: 9)
        }
    }

    @Test func aCloseAfterACancelledSendSaysThatSomethingIsLost() async throws {
        let (first, second) = MemoryStream.pair()
        try await first.send("whole")
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await first.send("cut")
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        await #expect(throws: StreamError.broken(.canceled)) { try await first.close() }
        await #expect(throws: StreamError.broken(.connectionReset)) {
            try await second.receive(upTo: 9)
        }
    }

    @Test func aCloseAfterThePeersIsGraceful() async throws {
        let (first, second) = MemoryStream.pair()
        try await first.send("unread")
        try await second.close()
        await #expect(throws: StreamError.broken(.brokenPipe)) { try await first.send("x") }
        try await first.close()
    }

    /// Waiting is no reason to leave the loop's thread.
    @Test func aLoopsTaskStaysOnTheLoop() async throws {
        try await runLoop { loop in
            let (first, second) = LockstepStream.pair()
            let echo = loop.spawn { loop in
                let bytes = try await second.receive(upTo: 9)
                #expect(loop.isOnThread)
                try await second.send(bytes!)
            }
            try await first.send("echo")
            #expect(loop.isOnThread)
            #expect(try await first.receive(upTo: 9) == Array("echo".utf8))
            #expect(loop.isOnThread)
            try await echo.value
        }
    }

    @Test func aPairWithoutAnyCapacityIsRefused() async {
        await #expect(processExitsWith: .failure) { _ = MemoryStream.pair(capacity: 0) }
    }
}
