import Testing
import UVLoop

@Suite struct RunModeTests {
    @Test(arguments: [EventLoop.RunMode.untilDone, .oneTurn, .nonBlocking])
    func anEmptyLoopReturnsAtOnce(_ mode: EventLoop.RunMode) async throws {
        try await withLoop { loop in
            try #expect(loop.run(mode) == false)
            try #expect(loop.run(mode) == false)
        }
    }

    @Test func aNonBlockingTurnDoesNotWaitForTimers() async throws {
        try await withLoop { loop in
            let timer = loop.callLater(.seconds(1_000)) { Issue.record("fired") }
            for _ in 0..<3 { try #expect(loop.run(.nonBlocking)) }
            timer.stop()
            try #expect(!loop.run(.nonBlocking))
        }
    }

    @Test func nonBlockingTurnsFireATimerInTheEnd() async throws {
        try await withLoop { loop in
            var fired = false
            let deadline = loop.now.advanced(by: .milliseconds(5))
            loop.callAt(deadline) {
                fired = true
                #expect(loop.now >= deadline)
            }
            while try loop.run(.nonBlocking) {}
            #expect(fired)
        }
    }

    @Test func oneTurnWaitsForATimer() async throws {
        try await withLoop { loop in
            var fired = 0
            let start = loop.now
            loop.callLater(.milliseconds(3)) { fired += 1 }
            while fired == 0 { _ = try loop.run(.oneTurn) }
            #expect(start.duration(to: loop.now) >= .milliseconds(3))
        }
    }

    @Test func theTurnThatFiresTheLastTimerSaysThatNothingIsLeft() async throws {
        try await withLoop { loop in
            var fired = false
            var isLeft = true
            loop.callLater(.milliseconds(1)) { fired = true }
            while !fired { isLeft = try loop.run(.oneTurn) }
            #expect(!isLeft)
        }
    }

    @Test func oneTurnIsOneTurn() async throws {
        try await withLoop { loop in
            var turns = 0
            let check = try Check(loop) { turns += 1 }
            check.start()
            let idle = try Idle(loop) {}
            idle.start()
            for turn in 1...10 {
                try #expect(loop.run(.oneTurn))
                #expect(turns == turn)
            }
            idle.close()
            check.close()
        }
    }

    @Test func handlesLeftAreReported() async throws {
        try await withLoop { loop in
            let timer = loop.callLater(.seconds(1_000)) {}
            try #expect(loop.run(.nonBlocking))
            timer.stop()
            try #expect(!loop.run(.nonBlocking))
            let idle = try Idle(loop) {}
            try #expect(!loop.run(.nonBlocking))
            idle.start()
            try #expect(loop.run(.nonBlocking))
            idle.stop()
            try #expect(!loop.run(.nonBlocking))
            idle.start()
            idle.keepsLoopAlive = false
            try #expect(!loop.run(.nonBlocking))
        }
    }

    @Test func aClosingHandleKeepsTheLoopAlive() async throws {
        try await withLoop { loop in
            var isDead = false
            var idle: Idle? = try {
                let canary = Canary { isDead = true }
                return try Idle(loop) { _ = canary }
            }()
            idle?.close()
            idle = nil
            #expect(!isDead)
            try #expect(!loop.run())
            #expect(isDead)
        }
    }

    @Test func nestedRunsAreAnError() async throws {
        try await withLoop { loop in
            var errors: [EventLoopError?] = []
            for mode in [EventLoop.RunMode.untilDone, .oneTurn, .nonBlocking] {
                loop.callSoon {
                    do throws(EventLoopError) { try loop.run(mode) } catch { errors.append(error) }
                }
            }
            try loop.run()
            #expect(errors == [.running, .running, .running])
        }
    }

    @Test func anotherLoopInsideMayNotBlock() async throws {
        try await withLoop { outer in
            let inner = try EventLoop()
            var calls = 0
            var error: EventLoopError?
            inner.callSoon { calls += 1 }
            outer.callSoon {
                do throws(EventLoopError) { try inner.run() } catch let caught { error = caught }
                #expect(calls == 0)
                _ = try inner.run(.nonBlocking)
                #expect(EventLoop.current === outer)
            }
            try outer.run()
            #expect(error == .running)
            #expect(calls == 1)
            try inner.close()
        }
    }

    @Test func onAnotherThreadItIsAnError() async throws {
        let thread = try EventLoopThread()
        #expect(throws: EventLoopError.wrongThread) { try thread.loop.run() }
        #expect(throws: EventLoopError.wrongThread) { try thread.loop.close() }
        await thread.shutdown()
    }

    @Test func afterCloseItIsAnError() async throws {
        try await onThread {
            let loop = try EventLoop()
            try loop.close()
            #expect(throws: EventLoopError.closed) { try loop.run() }
            #expect(throws: EventLoopError.closed) { try loop.run(.nonBlocking) }
        }
    }

    @Test func currentIsTheLoopThatRuns() async throws {
        try await withLoop { loop in
            #expect(EventLoop.current == nil)
            var current: EventLoop?
            loop.callSoon { current = EventLoop.current }
            try loop.run()
            #expect(current === loop)
            #expect(EventLoop.current == nil)
        }
    }

    @Test func theClockNeverGoesBack() async throws {
        try await withLoop { loop in
            var last = loop.now
            let timer = Timer(loop) {
                let now = loop.now
                #expect(now >= last)
                last = now
            }
            timer.start(after: .zero, repeating: .microseconds(200))
            loop.callLater(.milliseconds(10)) { timer.stop() }
            try loop.run()
        }
    }
}
