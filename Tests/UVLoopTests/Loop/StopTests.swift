import Testing
import UVLoop

@Suite struct StopTests {
    @Test func theBatchIsFinishedAndTheRestWaits() async throws {
        try await withLoop { loop in
            var order: [Int] = []
            loop.callSoon {
                order.append(1)
                loop.callSoon { order.append(3) }
                loop.stop()
            }
            loop.callSoon { order.append(2) }
            try #expect(loop.run())
            #expect(order == [1, 2])
            try #expect(!loop.run())
            #expect(order == [1, 2, 3])
        }
    }

    @Test func runsAgainAfterwards() async throws {
        try await withLoop { loop in
            var ticks = 0
            let timer = Timer(loop) {
                ticks += 1
                loop.stop()
            }
            timer.start(after: .microseconds(100), repeating: .microseconds(100))
            for run in 1...5 {
                try #expect(loop.run())
                #expect(ticks == run)
            }
            timer.stop()
            try #expect(!loop.run())
        }
    }

    @Test func beforeARunItMakesOnePassThatDoesNotBlock() async throws {
        try await withLoop { loop in
            var passes = 0
            var calls = 0
            let prepare = try Prepare(loop) { passes += 1 }
            prepare.start()
            let timer = loop.callLater(.seconds(1_000)) { Issue.record("fired") }
            loop.callSoon { calls += 1 }
            loop.stop()
            let start = loop.now
            try #expect(loop.run())
            #expect(start.duration(to: loop.now) < .seconds(900))
            #expect(passes == 1 && calls == 1)
            timer.stop()
            prepare.close()
            try #expect(!loop.run())
        }
    }

    @Test func beforeARunItCountsOnce() async throws {
        try await withLoop { loop in
            var fired = false
            loop.callLater(.milliseconds(1)) { fired = true }
            loop.stop()
            loop.stop()
            try #expect(loop.run())
            try #expect(!loop.run())
            #expect(fired)
        }
    }

    @Test func beforeARunOfAnEmptyLoop() async throws {
        try await withLoop { loop in
            loop.stop()
            try #expect(!loop.run())
            var fired = false
            loop.callLater(.milliseconds(1)) { fired = true }
            try #expect(!loop.run())
            #expect(fired)
        }
    }

    @Test(arguments: ["prepare", "check", "idle"])
    func fromEveryPhase(_ phase: String) async throws {
        try await withLoop { loop in
            var calls = 0
            let body = {
                calls += 1
                loop.stop()
            }
            let handle: Handle
            switch phase {
            case "prepare":
                let prepare = try Prepare(loop, body)
                prepare.start()
                handle = prepare
            case "check":
                let check = try Check(loop, body)
                check.start()
                handle = check
            default:
                let idle = try Idle(loop, body)
                idle.start()
                handle = idle
            }
            let timer = Timer(loop) {}
            timer.start(after: .milliseconds(1), repeating: .milliseconds(1))
            try #expect(loop.run())
            #expect(calls == 1)
            timer.stop()
            handle.close()
        }
    }

    @Test func fromAnotherThreadByAPost() async throws {
        try await withLoop { loop in
            let timer = loop.callLater(.seconds(1_000)) { Issue.record("fired") }
            startThread { try? loop.execute { $0.stop() } }
            try #expect(loop.run())
            #expect(timer.isActive)
        }
    }

    @Test func inABatchLongerThanATurn() async throws {
        try await withLoop { loop in
            var calls = 0
            for number in 0..<5_000 {
                loop.callSoon {
                    calls += 1
                    if number == 10 { loop.stop() }
                }
            }
            try #expect(loop.run())
            #expect(calls > 10 && calls < 5_000)
            try #expect(!loop.run())
            #expect(calls == 5_000)
        }
    }
}
