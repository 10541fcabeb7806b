import Testing
import UVLoop

@Suite struct TimerRepeatTests {
    @Test func firesAgainAndAgain() async throws {
        try await withLoop { loop in
            var timer: Timer?
            var ticks = 0
            timer = Timer(loop) {
                ticks += 1
                #expect(timer!.isActive)
                if ticks == 20 { timer!.stop() }
            }
            timer!.start(after: .microseconds(50), repeating: .microseconds(100))
            #expect(timer!.repeatInterval == .microseconds(100))
            try #expect(!loop.run())
            #expect(ticks == 20 && !timer!.isActive)
        }
    }

    @Test func deadlinesDoNotDrift() async throws {
        try await withLoop { loop in
            let period = Duration.microseconds(700)
            var timer: Timer?
            var deadlines: [EventLoop.Instant] = []
            timer = Timer(loop) {
                deadlines.append(timer!.deadline!)
                if deadlines.count == 20 { timer!.stop() }
            }
            let first = loop.now.advanced(by: .milliseconds(1))
            timer!.start(at: first, repeating: period)
            try loop.run()
            for deadline in deadlines {
                let passed = first.duration(to: deadline)
                #expect(passed / period == (passed / period).rounded())
                #expect(passed >= period)
            }
            #expect(deadlines == deadlines.sorted() && Set(deadlines).count == 20)
        }
    }

    @Test func neverEarly() async throws {
        try await withLoop { loop in
            var timer: Timer?
            var next: EventLoop.Instant?
            var ticks = 0
            timer = Timer(loop) {
                if let next { #expect(loop.now >= next) }
                next = timer!.deadline
                ticks += 1
                if ticks == 30 { timer!.stop() }
            }
            timer!.start(after: .microseconds(300), repeating: .microseconds(300))
            next = timer!.deadline
            try loop.run()
        }
    }

    @Test func missedPeriodsAreSkipped() async throws {
        try await withLoop { loop in
            let first = loop.now.advanced(by: .microseconds(100))
            let period = Duration.microseconds(500)
            var end: EventLoop.Instant?
            var timer: Timer?
            var ticks = 0
            timer = Timer(loop) {
                ticks += 1
                let deadline = timer!.deadline!
                let passed = first.duration(to: deadline) / period
                #expect(passed == passed.rounded())
                // Twenty periods go by: the next tick makes up for none of them.
                if let end { #expect(deadline > end) }
                end = loop.now.advanced(by: .milliseconds(10))
                while loop.now < end! {}
                if ticks == 4 { timer!.stop() }
            }
            timer!.start(at: first, repeating: period)
            try loop.run()
            #expect(ticks == 4)
            #expect(first.duration(to: loop.now) >= .milliseconds(40))
        }
    }

    @Test func aTickFiresOnceATurnHoweverShortThePeriod() async throws {
        try await withLoop { loop in
            var (ticks, turns) = (0, 0)
            let check = try Check(loop) { turns += 1 }
            check.start()
            let timer = Timer(loop) { ticks += 1 }
            timer.start(after: .zero, repeating: .nanoseconds(1))
            while ticks < 100 { try loop.run(.oneTurn) }
            #expect(ticks <= turns + 1)
            timer.stop()
            check.close()
        }
    }

    @Test func aPeriodOfZeroIsTheShortestOne() async throws {
        try await withLoop { loop in
            var timer: Timer?
            var ticks = 0
            timer = Timer(loop) {
                ticks += 1
                if ticks == 5 { timer!.stop() }
            }
            timer!.start(after: .zero, repeating: .zero)
            #expect(timer!.repeatInterval == .nanoseconds(1))
            try loop.run()
            #expect(ticks == 5)
        }
    }

    @Test func againPutsOffByThePeriod() async throws {
        try await withLoop { loop in
            var fired = 0
            let timer = Timer(loop) { fired += 1 }
            timer.start(after: .zero, repeating: .seconds(1_000))
            timer.again()
            #expect(timer.dueIn! > .seconds(900))
            loop.callLater(.milliseconds(2)) { timer.stop() }
            try loop.run()
            #expect(fired == 0)
            timer.again()
            #expect(timer.isActive && timer.dueIn! > .seconds(900))
            timer.stop()
        }
    }

    @Test func againWithoutAPeriodDoesNothing() async throws {
        try await withLoop { loop in
            var fired = 0
            let timer = loop.callLater(.microseconds(100)) { fired += 1 }
            let deadline = timer.deadline
            timer.again()
            #expect(timer.deadline == deadline)
            try loop.run()
            timer.again()
            try #expect(!loop.run())
            #expect(fired == 1)
        }
    }

    @Test func aPeriodSetLaterCountsFromTheNextTime() async throws {
        try await withLoop { loop in
            var timer: Timer?
            var gaps: [Duration] = []
            timer = Timer(loop) {
                gaps.append(timer!.dueIn ?? .zero)
                if gaps.count == 1 { timer!.repeatInterval = .seconds(1_000) }
                if gaps.count == 2 { timer!.stop() }
            }
            timer!.start(after: .microseconds(100), repeating: .milliseconds(1))
            try loop.run()
            #expect(gaps[0] <= .milliseconds(1) && gaps[1] > .seconds(900))
        }
    }

    @Test func aPeriodTakenAwayMakesTheNextTheLast() async throws {
        try await withLoop { loop in
            var ticks = 0
            let timer = Timer(loop) { ticks += 1 }
            timer.start(after: .zero, repeating: .microseconds(100))
            timer.repeatInterval = nil
            #expect(timer.repeatInterval == nil)
            try #expect(!loop.run())
            #expect(ticks == 1)
            timer.repeatInterval = .microseconds(100)
            timer.start(after: .zero)
            #expect(timer.repeatInterval == nil)
            try loop.run()
            #expect(ticks == 2)
        }
    }

    @Test func restartInsideTheCallbackReplacesThePeriod() async throws {
        try await withLoop { loop in
            var timer: Timer?
            var ticks = 0
            timer = Timer(loop) {
                ticks += 1
                timer!.start(after: .microseconds(10), repeating: ticks < 5 ? .seconds(1_000) : nil)
                if ticks == 6 { timer!.stop() }
            }
            timer!.start(after: .zero, repeating: .microseconds(1))
            try #expect(!loop.run())
            #expect(ticks == 6)
        }
    }

    @Test func hugePeriodsAreClamped() async throws {
        try await withLoop { loop in
            var ticks = 0
            let timer = Timer(loop) { ticks += 1 }
            timer.start(after: .zero, repeating: Duration(attoseconds: .max))
            while ticks == 0 { try loop.run(.oneTurn) }
            #expect(timer.isActive && timer.dueIn! > .seconds(1_000_000_000))
            timer.stop()
        }
    }
}
