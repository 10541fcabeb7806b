import Testing
import UVLoop

@Suite struct CallSoonTests {
    @Test func firstInFirstOutExactlyOnce() async throws {
        try await withLoop { loop in
            var order: [Int] = []
            for number in 0..<10_000 { loop.callSoon { order.append(number) } }
            try loop.run()
            #expect(order == Array(0..<10_000))
            try loop.run()
            #expect(order.count == 10_000)
        }
    }

    @Test func isNotCalledAtOnce() async throws {
        try await withLoop { loop in
            var calls = 0
            loop.callSoon { calls += 1 }
            #expect(calls == 0)
            try #expect(loop.run() == false)
            #expect(calls == 1)
        }
    }

    @Test func whatACallbackAddsRunsAfterThePoll() async throws {
        try await withLoop { loop in
            var log: [String] = []
            let check = try Check(loop) { log.append("poll") }
            check.start()
            check.keepsLoopAlive = false
            func call(_ names: [String]) {
                log.append(names[0])
                let rest = Array(names.dropFirst())
                if !rest.isEmpty { loop.callSoon { call(rest) } }
            }
            loop.callSoon { call(["a", "c", "d"]) }
            loop.callSoon { log.append("b") }
            try loop.run()
            check.close()
            // The first pass may run what is queued before its poll.
            #expect(log.filter { $0 != "poll" } == ["a", "b", "c", "d"])
            let (c, d) = (log.firstIndex(of: "c")!, log.firstIndex(of: "d")!)
            #expect(log[c..<d].contains("poll"))
        }
    }

    @Test func anEndlessChainMakesOneStepATurn() async throws {
        try await withLoop { loop in
            var steps = 0
            func step() {
                steps += 1
                loop.callSoon { step() }
            }
            loop.callSoon { step() }
            for turn in 1...100 {
                try #expect(loop.run(.nonBlocking))
                #expect(steps >= turn && steps <= 2 * turn)
            }
        }
    }

    @Test func queuedCallsKeepTheLoopRunningEvenIfTheyAreMany() async throws {
        try await withLoop { loop in
            var left = 5_000
            func step() {
                left -= 1
                if left > 0 { loop.callSoon { step() } }
            }
            loop.callSoon { step() }
            try #expect(loop.run() == false)
            #expect(left == 0)
        }
    }

    @Test func cancelledCallsAreNotMade() async throws {
        try await withLoop { loop in
            var order: [Int] = []
            let handles = (0..<100).map { number in loop.callSoon { order.append(number) } }
            for number in stride(from: 0, to: 100, by: 2) { handles[number].cancel() }
            handles[0].cancel()
            #expect(!handles[0].isPending && handles[1].isPending)
            try loop.run()
            #expect(order == Array(stride(from: 1, to: 100, by: 2)))
            #expect(handles.allSatisfy { !$0.isPending })
            handles[1].cancel()
        }
    }

    @Test func aCallbackCancelsALaterOneOfItsBatch() async throws {
        try await withLoop { loop in
            var order: [Int] = []
            var later: CallHandle?
            loop.callSoon {
                order.append(1)
                later?.cancel()
            }
            later = loop.callSoon { order.append(2) }
            loop.callSoon { order.append(3) }
            try loop.run()
            #expect(order == [1, 3])
        }
    }

    @Test func aHandleIsNotPendingInsideItsOwnCall() async throws {
        try await withLoop { loop in
            var handle: CallHandle?
            var wasPending: Bool?
            handle = loop.callSoon {
                wasPending = handle!.isPending
                handle!.cancel()
            }
            try loop.run()
            #expect(wasPending == false)
        }
    }

    @Test func cancellingReleasesTheClosure() async throws {
        try await withLoop { loop in
            var isDead = false
            let handle = {
                let canary = Canary { isDead = true }
                return loop.callSoon { _ = canary }
            }()
            #expect(!isDead)
            handle.cancel()
            #expect(isDead)
        }
    }

    /// What the released closure held may use the loop as it goes.
    @Test func cancellingMayQueueAnew() async throws {
        await #expect(processExitsWith: .success) {
            try await withLoop { loop in
                var calls = 0
                let handle = {
                    let canary = Canary { loop.callSoon { calls += 1 } }
                    return loop.callSoon { _ = canary }
                }()
                handle.cancel()
                try loop.run()
                precondition(calls == 1)
            }
        }
    }

    @Test func functionsWithContextShareTheQueue() async throws {
        try await withLoop { loop in
            final class Log { var order: [Int] = [] }
            let log = Log()
            let context = Unmanaged.passUnretained(log).toOpaque()
            loop.callSoon { log.order.append(1) }
            loop.callSoon(
                { Unmanaged<Log>.fromOpaque($0!).takeUnretainedValue().order.append(2) },
                context: context)
            loop.callSoon { log.order.append(3) }
            try loop.run()
            #expect(log.order == [1, 2, 3])
        }
    }

    @Test func onAClosedLoopItIsReportedAndNotCalled() async throws {
        try await onThread {
            let loop = try EventLoop()
            try loop.close()
            let handle = loop.callSoon { Issue.record("called on a closed loop") }
            #expect(!handle.isPending)
            handle.cancel()
        }
    }
}
