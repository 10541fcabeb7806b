import CUV
import Testing

@testable import UVLoop

@Suite struct CloseTests {
    @Test func isIdempotent() async throws {
        try await onThread {
            let loop = try EventLoop()
            #expect(!loop.isClosed)
            for _ in 0..<3 {
                try loop.close()
                #expect(loop.isClosed)
            }
        }
    }

    @Test func aLoopThatNeverRanMayJustGo() async throws {
        try await onThread {
            for _ in 0..<100 { _ = try EventLoop() }
        }
    }

    @Test func inACallbackItIsAnError() async throws {
        try await withLoop { loop in
            var error: EventLoopError?
            var goesOn = false
            loop.callSoon {
                do throws(EventLoopError) { try loop.close() } catch let caught { error = caught }
                loop.callSoon { goesOn = true }
            }
            try loop.run()
            #expect(error == .running)
            #expect(goesOn && !loop.isClosed)
        }
    }

    @Test func closesEveryHandleAndReleasesIt() async throws {
        var deaths = 0
        try await withLoop { loop in
            for number in 0..<30 {
                let canary = Canary { deaths += 1 }
                switch number % 3 {
                case 0: try Idle(loop) { _ = canary }.start()
                case 1: try Prepare(loop) { _ = canary }.start()
                default: try Check(loop) { _ = canary }.start()
                }
            }
            #expect(deaths == 0)
        }
        #expect(deaths == 30)
    }

    @Test func handlesAtRestAreClosedToo() async throws {
        try await onThread {
            let loop = try EventLoop()
            let idle = try Idle(loop) {}
            let check = try Check(loop) {}
            check.start()
            check.stop()
            try loop.close()
            #expect(idle.isClosing && check.isClosing)
            idle.start()
            idle.stop()
            idle.close()
            idle.keepsLoopAlive = true
            #expect(!idle.isActive && !idle.keepsLoopAlive)
        }
    }

    @Test func waitingTimersNeverFireAndAreReleased() async throws {
        var deaths = 0
        try await withLoop { loop in
            for number in 1...10 {
                let canary = Canary { deaths += 1 }
                loop.callLater(.milliseconds(number)) {
                    _ = canary
                    Issue.record("fired")
                }
            }
        }
        #expect(deaths == 10)
    }

    @Test func runsWhatWasQueuedExactlyOnceAndOnTheThread() async throws {
        try await onThread {
            let loop = try EventLoop()
            let home = ThreadIdentity.current
            nonisolated(unsafe) var calls = 0
            for _ in 0..<100_000 {
                loop.callSoon {
                    precondition(ThreadIdentity.current == home)
                    calls += 1
                }
                try loop.execute { _ in
                    precondition(ThreadIdentity.current == home)
                    calls += 1
                }
            }
            try loop.close()
            #expect(calls == 200_000)
        }
    }

    @Test func anEndlessChainEndsWithTheLoop() async throws {
        try await onThread {
            let loop = try EventLoop()
            let home = ThreadIdentity.current
            var reports = 0
            var steps = 0
            loop.exceptionHandler = { _ in reports += 1 }
            func step() {
                precondition(ThreadIdentity.current == home)
                steps += 1
                loop.callSoon { step() }
            }
            step()
            try loop.close()
            let stepsAtClose = steps
            for _ in 0..<100 { uv_sleep(0) }
            #expect(steps == stepsAtClose)
        }
    }

    @Test func dueTimersBehindALongQueueEndWithTheLoop() async throws {
        try await onThread {
            let loop = try EventLoop()
            var fired = 0
            var timers: [Timer] = []
            for _ in 0..<10 { timers.append(Timer(loop) { fired += 1 }) }
            for _ in 0..<100_000 { loop.callSoon {} }
            for timer in timers { timer.start(after: .zero, repeating: .nanoseconds(1)) }
            while timers.contains(where: { $0.dueIn! > .zero }) {}
            for _ in 0..<3 { try loop.run(.nonBlocking) }
            try loop.close()
            let firedAtClose = fired
            for timer in timers {
                #expect(!timer.isActive)
                timer.stop()
            }
            #expect(fired == firedAtClose && fired <= 10)
        }
    }

    /// What the closures of timers held may use the loop as it goes.
    @Test func releasedClosuresMayStartTimers() async throws {
        await #expect(processExitsWith: .success) {
            try await withLoop { loop in
                for _ in 0..<10 {
                    let canary = Canary { loop.callLater(.zero) {} }
                    loop.callLater(.seconds(1_000)) { _ = canary }
                }
            }
        }
    }

    @Test func reportsAfterCloseGoToStandardError() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent])
        {
            try await onThread {
                let loop = try EventLoop()
                try loop.close()
                loop.callSoon {}
                loop.callLater(.zero) {}
            }
        }
        let text = try #require(result).errorText
        #expect(text.contains("a call was queued: the event loop is closed"))
        #expect(text.contains("a timer was started: the event loop is closed"))
    }

    @Test func newHandlesAreRefused() async throws {
        try await onThread {
            let loop = try EventLoop()
            try loop.close()
            #expect(throws: UVError.canceled) { _ = try Idle(loop) {} }
            #expect(throws: UVError.canceled) { _ = try Prepare(loop) {} }
            #expect(throws: UVError.canceled) { _ = try Check(loop) {} }
            #expect(loop.backendDescriptor == -1)
            #expect(loop.nextTimeout == nil)
        }
    }

    @Test func oldHandlesAreHarmlessOnOtherThreads() async throws {
        nonisolated(unsafe) var left: (Timer, Idle)?
        try await withLoop { loop in
            left = (Timer(loop) {}, try Idle(loop) {})
            left!.1.start()
        }
        left!.0.stop()
        #expect(!left!.0.isActive)
        left!.1.close()
        left = nil
    }
}
