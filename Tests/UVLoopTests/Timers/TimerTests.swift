import Testing
import UVLoop

@Suite struct TimerTests {
    @Test(arguments: [0, 1, 100, 1_000, 3_000, 20_000])
    func neverEarly(_ microseconds: Int) async throws {
        try await withLoop { loop in
            let delay = Duration.microseconds(microseconds)
            var left = 5
            func start() {
                let begin = loop.now
                loop.callLater(delay) {
                    #expect(begin.duration(to: loop.now) >= delay)
                    left -= 1
                    if left > 0 { start() }
                }
            }
            start()
            try loop.run()
            #expect(left == 0)
        }
    }

    @Test func neverEarlyAfterASlowCallback() async throws {
        try await withLoop { loop in
            var fired = false
            loop.callSoon {
                let end = loop.now.advanced(by: .milliseconds(4))
                while loop.now < end {}
                let begin = loop.now
                loop.callLater(.milliseconds(2)) {
                    fired = true
                    #expect(begin.duration(to: loop.now) >= .milliseconds(2))
                }
            }
            try loop.run()
            #expect(fired)
        }
    }

    @Test func firesOnce() async throws {
        try await withLoop { loop in
            var fired = 0
            let timer = loop.callLater(.microseconds(10)) { fired += 1 }
            #expect(timer.isActive)
            loop.callLater(.milliseconds(3)) {}
            try loop.run()
            #expect(fired == 1 && !timer.isActive)
        }
    }

    @Test func negativeIsZero() async throws {
        try await withLoop { loop in
            var order: [Int] = []
            loop.callLater(.seconds(-5)) { order.append(1) }
            loop.callLater(.zero) { order.append(2) }
            loop.callLater(.nanoseconds(-1)) { order.append(3) }
            loop.callLater(Duration(attoseconds: .min)) { order.append(4) }
            try loop.run()
            #expect(order == [1, 2, 3, 4])
        }
    }

    @Test func zeroRunsAfterWhatIsQueued() async throws {
        try await withLoop { loop in
            var order: [String] = []
            loop.callSoon {
                loop.callLater(.zero) { order.append("timer") }
                order.append("first")
            }
            for number in 0..<3 { loop.callSoon { order.append("call \(number)") } }
            try loop.run()
            #expect(order == ["first", "call 0", "call 1", "call 2", "timer"])
        }
    }

    @Test(arguments: [
        Duration.seconds(1_000_000_000), .seconds(Int64.max), Duration(attoseconds: .max),
        .nanoseconds(Int64.max), .seconds(9_223_372_036), .seconds(9_223_372_037),
    ])
    func hugeDelaysAreClamped(_ delay: Duration) async throws {
        try await withLoop { loop in
            let timer = loop.callLater(delay) { Issue.record("fired") }
            var fired = 0
            for _ in 0..<3 { loop.callLater(.microseconds(1)) { fired += 1 } }
            timer.keepsLoopAlive = false
            try loop.run()
            #expect(fired == 3 && timer.isActive)
            #expect(timer.dueIn! > .seconds(900_000_000))
        }
    }

    @Test func startingTwiceIsStartingAnew() async throws {
        try await withLoop { loop in
            var fired = 0
            let timer = Timer(loop) { fired += 1 }
            timer.start(after: .zero)
            timer.start(after: .seconds(1_000))
            timer.start(after: .milliseconds(1))
            let begin = loop.now
            try loop.run()
            #expect(fired == 1)
            #expect(begin.duration(to: loop.now) < .seconds(900))
        }
    }

    @Test func aTimerThatWasNeverStartedIsHarmless() async throws {
        try await withLoop { loop in
            let timer = Timer(loop) { Issue.record("fired") }
            #expect(!timer.isActive)
            #expect(timer.dueIn == nil && timer.deadline == nil && timer.repeatInterval == nil)
            timer.stop()
            timer.again()
            #expect(!timer.isActive)
            try #expect(!loop.run())
        }
    }

    @Test func stopKeepsItFromFiring() async throws {
        try await withLoop { loop in
            let timer = loop.callLater(.microseconds(100)) { Issue.record("fired") }
            timer.stop()
            timer.stop()
            #expect(!timer.isActive && timer.deadline == nil)
            loop.callLater(.milliseconds(2)) {}
            try loop.run()
            var fired = false
            let again = Timer(loop) { fired = true }
            again.start(after: .seconds(1_000))
            again.stop()
            again.start(after: .zero)
            try loop.run()
            #expect(fired)
        }
    }

    @Test func aDueTimerStoppedByACallbackDoesNotFire() async throws {
        try await withLoop { loop in
            let deadline = loop.now.advanced(by: .microseconds(200))
            var fired: [Int] = []
            var timers: [Timer] = []
            for number in 0..<10 {
                timers.append(
                    loop.callAt(deadline) {
                        fired.append(number)
                        for other in number + 1..<10 where other % 2 == 0 { timers[other].stop() }
                    })
            }
            try loop.run()
            #expect(fired == [0, 1, 3, 5, 7, 9])
        }
    }

    @Test func aDueTimerStartedAnewByACallbackFiresThenOnly() async throws {
        try await withLoop { loop in
            let deadline = loop.now.advanced(by: .microseconds(200))
            var order: [String] = []
            var second: Timer?
            loop.callAt(deadline) {
                order.append("first")
                second!.start(after: .milliseconds(1))
            }
            second = loop.callAt(deadline) { order.append("second") }
            loop.callAt(deadline) { order.append("third") }
            try loop.run()
            #expect(order == ["first", "third", "second"])
        }
    }

    @Test func aTimerStartsItselfAnew() async throws {
        try await withLoop { loop in
            var timer: Timer?
            var fired = 0
            timer = Timer(loop) {
                fired += 1
                #expect(!timer!.isActive)
                if fired < 10 { timer!.start(after: .microseconds(fired)) }
            }
            timer!.start(after: .zero)
            try loop.run()
            #expect(fired == 10)
        }
    }

    @Test func dueInAndDeadline() async throws {
        try await withLoop { loop in
            let before = loop.now
            let timer = loop.callLater(.seconds(1_000)) {}
            let deadline = try #require(timer.deadline)
            #expect(deadline >= before.advanced(by: .seconds(1_000)))
            #expect(deadline <= loop.now.advanced(by: .seconds(1_000)))
            #expect(timer.deadline == deadline)
            let due = try #require(timer.dueIn)
            #expect(due > .seconds(900) && due <= .seconds(1_000))
            let exact = loop.now.advanced(by: .seconds(77))
            timer.start(at: exact)
            #expect(timer.deadline == exact)
            timer.start(at: before)
            #expect(timer.dueIn == .zero && timer.deadline == before)
            timer.stop()
        }
    }

    @Test func anInstantThatHasPassedIsDueAtOnce() async throws {
        try await withLoop { loop in
            var order: [Int] = []
            let now = loop.now
            loop.callAt(now.advanced(by: .seconds(-1))) { order.append(2) }
            loop.callAt(now.advanced(by: .seconds(-2))) { order.append(1) }
            loop.callAt(now) { order.append(3) }
            loop.callAt(now.advanced(by: Duration(attoseconds: .min))) { order.append(0) }
            try #expect(!loop.run())
            #expect(order == [0, 1, 2, 3])
        }
    }

    @Test func aPassedInstantFromEveryPhaseIsDueAtOnce() async throws {
        try await withLoop { loop in
            var fired = 0
            let start = { _ = loop.callAt(loop.now.advanced(by: .seconds(-1))) { fired += 1 } }
            var handles: [Handle] = []
            let prepare = try Prepare(loop) {
                start()
                handles[0].close()
            }
            prepare.start()
            let check = try Check(loop) {
                start()
                handles[1].close()
            }
            check.start()
            let idle = try Idle(loop) {
                start()
                handles[2].close()
            }
            idle.start()
            handles = [prepare, check, idle]
            loop.callSoon(start)
            loop.callLater(.zero, start)
            try #expect(!loop.run())
            #expect(fired == 5)
        }
    }

    @Test func withoutKeepingTheLoopAlive() async throws {
        try await withLoop { loop in
            let timer = loop.callLater(.seconds(1_000)) { Issue.record("fired") }
            #expect(timer.keepsLoopAlive)
            timer.keepsLoopAlive = false
            timer.keepsLoopAlive = false
            try #expect(!loop.run())
            timer.keepsLoopAlive = true
            try #expect(loop.run(.nonBlocking))
            timer.stop()
            try #expect(!loop.run())
            timer.keepsLoopAlive = false
            timer.start(after: .seconds(1_000))
            try #expect(!loop.run())
            #expect(timer.isActive)
        }
    }

    @Test func oneThatDoesNotKeepTheLoopAliveFiresWhileAnotherDoes() async throws {
        try await withLoop { loop in
            var ticks = 0
            let timer = Timer(loop) { ticks += 1 }
            timer.keepsLoopAlive = false
            timer.start(after: .zero, repeating: .microseconds(100))
            func wait() {
                if ticks < 3 { loop.callLater(.milliseconds(1)) { wait() } }
            }
            wait()
            try #expect(!loop.run())
            #expect(ticks >= 3 && timer.isActive)
        }
    }
}
