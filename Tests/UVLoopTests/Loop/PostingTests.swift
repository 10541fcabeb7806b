import Testing

@testable import UVLoop

@Suite struct PostingTests {
    @Test func manyThreadsAtOnce() async throws {
        let (threads, posts) = (4, 10_000)
        final class State { var seen: [[Int]] = [] }
        let seen = try await onThread {
            let loop = try EventLoop()
            nonisolated(unsafe) let state = State()
            state.seen = Array(repeating: [], count: threads)
            loop.core.keepAlive(1)
            for thread in 0..<threads {
                startThread {
                    for number in 0..<posts {
                        try! loop.execute { loop in
                            state.seen[thread].append(number)
                            if state.seen.allSatisfy({ $0.count == posts }) { loop.stop() }
                        }
                    }
                }
            }
            try loop.run()
            loop.core.keepAlive(-1)
            try loop.close()
            return state.seen
        }
        for numbers in seen { #expect(numbers == Array(0..<posts)) }
    }

    @Test func aPostWakesASleepingLoop() async throws {
        try await withLoop { loop in
            let timer = loop.callLater(.seconds(1_000)) { Issue.record("slept on") }
            nonisolated(unsafe) let unsafeTimer = timer
            // Posted from inside the turn that goes to sleep, and from outside.
            loop.callSoon { startThread { try! loop.execute { _ in unsafeTimer.stop() } } }
            try #expect(!loop.run())
        }
    }

    @Test func pingPongBetweenTwoLoops() async throws {
        let (first, second) = (try EventLoopThread(), try EventLoopThread())
        let count = Counter()
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            @Sendable func hit(_ from: EventLoop, _ to: EventLoop) {
                if count.increment() == 2_000 { return done.resume() }
                try! to.execute { _ in hit(to, from) }
            }
            hit(first.loop, second.loop)
        }
        await first.shutdown()
        await second.shutdown()
    }

    @Test func afterCloseItIsAnError() async throws {
        let loop = try await onThread {
            let loop = try EventLoop()
            try loop.close()
            return loop
        }
        for _ in 0..<3 {
            #expect(throws: EventLoopError.closed) {
                try loop.execute { _ in Issue.record("called on a closed loop") }
            }
        }
    }

    @Test func whileTheLoopClosesNoneIsLostAndNoneComesTwice() async throws {
        for _ in 0..<20 {
            let thread = try EventLoopThread()
            let accepted = Counter()
            let run = Counter()
            let refused = Counter()
            await withTaskGroup { group in
                for _ in 0..<2 {
                    group.addTask {
                        for _ in 0..<500 {
                            do throws(EventLoopError) {
                                try thread.loop.execute { _ in run.increment() }
                                accepted.increment()
                            } catch {
                                refused.increment()
                            }
                        }
                    }
                }
                group.addTask { await thread.shutdown() }
            }
            #expect(run.value == accepted.value)
            #expect(accepted.value + refused.value == 1_000)
        }
    }

    @Test func postsAndCallsShareOneOrder() async throws {
        try await withLoop { loop in
            nonisolated(unsafe) var order: [Int] = []
            loop.callSoon { order.append(1) }
            try loop.execute { _ in order.append(2) }
            try loop.execute { _ in order.append(3) }
            try loop.run()
            #expect(order == [1, 2, 3])
        }
    }

    @Test func aPostFromACallbackRunsInALaterTurn() async throws {
        try await withLoop { loop in
            nonisolated(unsafe) var order: [Int] = []
            loop.callSoon {
                try loop.execute { _ in order.append(2) }
                order.append(1)
            }
            let idle = try Idle(loop) {}
            idle.start()
            while order.count < 2 { try loop.run(.nonBlocking) }
            #expect(order == [1, 2])
        }
    }

    @Test func postsToALoopThatDoesNotRunWaitForTheNextRun() async throws {
        try await withLoop { loop in
            nonisolated(unsafe) var calls = 0
            let posted = Gate()
            startThread {
                for _ in 0..<10 { try! loop.execute { _ in calls += 1 } }
                posted.open()
            }
            posted.wait()
            #expect(calls == 0)
            try #expect(!loop.run())
            #expect(calls == 10)
        }
    }

    @Test func aThrowingPostIsReported() async throws {
        try await withLoop { loop in
            var reports: [ExceptionContext] = []
            loop.exceptionHandler = { reports.append($0) }
            try loop.execute { _ in throw Planned(number: 3) }
            try loop.run()
            #expect(reports.count == 1)
            #expect(reports.first?.error as? Planned == Planned(number: 3))
            #expect(reports.first?.source == .execute)
        }
    }
}
