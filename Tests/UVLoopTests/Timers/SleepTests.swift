import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(1)))
struct SleepTests {
    @Test(arguments: Caller.allCases)
    func aSleepLastsItsTimeAndNoLess(_ caller: Caller) async throws {
        try await onLoop { loop in
            try await caller.run(loop) {
                for nanoseconds in [1, 1_000, 1_000_000, 3_456_789] {
                    let duration = Duration.nanoseconds(nanoseconds)
                    let before = EventLoop.Instant.now
                    try await loop.sleep(for: duration)
                    #expect(before.duration(to: .now) >= duration)
                    let deadline = EventLoop.Instant.now.advanced(by: duration)
                    try await loop.sleep(until: deadline)
                    #expect(EventLoop.Instant.now >= deadline)
                }
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    /// Begins off its executor, because it awaits a closure first (swiftlang/swift 86083).
    private actor Elsewhere {
        func run(_ work: Caller.Work<Void>) async throws { try await work() }
    }

    /// A task without a preference that is on the loop's thread, and would be elsewhere after a
    /// wait that does not bring it back there.
    @Test func aTaskThatBeganOnTheThreadSleepsInAnActorOfItsOwn() async throws {
        try await onLoop { loop in
            for _ in 0..<20 {
                let task = Task.immediateDetached {
                    try await Elsewhere().run { try await loop.sleep(for: .microseconds(10)) }
                    try await Elsewhere().run { try await loop.sleep(for: .zero) }
                }
                try await task.value
                let limited = Task.immediateDetached {
                    try await Elsewhere().run {
                        try await loop.withTimeout(.seconds(10_000)) {
                            try await loop.sleep(for: .microseconds(10))
                        }
                    }
                }
                try await limited.value
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test func sleepsEndInTheOrderOfTheirDeadlines() async throws {
        let order = try await onLoop { loop in
            let now = loop.now
            let order = Mutexed([Int]())
            let tasks = [3, 1, 4, 2, 0].map { number in
                loop.spawn { loop in
                    try await loop.sleep(until: now.advanced(by: .milliseconds(10 + number)))
                    order.update { $0.append(number) }
                }
            }
            for task in tasks { try await task.value }
            return order.value
        }
        #expect(order == [0, 1, 2, 3, 4])
    }

    @Test(arguments: Caller.allCases)
    func sleepsOfNoTimeLetWhatIsQueuedGoFirst(_ caller: Caller) async throws {
        try await onLoop { loop in
            for duration in [Duration.zero, .seconds(-1), .seconds(Int64.min)] {
                try await caller.run(loop) {
                    let other = Mutexed(false)
                    // What is queued by this task itself, where it is the loop's.
                    let isOnThread = loop.isOnThread
                    if isOnThread { loop.callSoon { other.value = true } }
                    try await loop.sleep(for: duration)
                    #expect(other.value == isOnThread)
                }
            }
            try await caller.run(loop) {
                try await loop.sleep(until: .now)
                try await loop.sleep(until: EventLoop.Instant.now.advanced(by: .seconds(-5)))
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test func sleepsOfNoTimeDoNotStarveTheLoop() async throws {
        try await onLoop { loop in
            let fired = Mutexed(false)
            loop.callLater(.milliseconds(1)) { fired.value = true }
            while fired.value == false { try await loop.sleep(for: .zero) }
        }
    }

    @Test(arguments: Caller.allCases)
    func aCancelledSleepEndsAtOnceAndFreesItsTimer(_ caller: Caller) async throws {
        try await onLoop { loop in
            let canceller = Canceller()
            let task = loop.spawn { loop in
                await expectCancelled {
                    try await caller.run(loop) {
                        canceller.takeCurrentTask()
                        try await loop.sleep(for: .seconds(10_000))
                    }
                }
            }
            try await until(loop) { loop.core.timersKeepingAlive == 1 }
            canceller.cancel()
            try await task.value
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    static let durations: [Duration] = [.seconds(10_000), .nanoseconds(1), .zero, .seconds(-1)]

    @Test(arguments: durations)
    func aCancelledTaskDoesNotSleep(_ duration: Duration) async throws {
        try await onLoop { loop in
            for caller in Caller.allCases {
                try await caller.run(loop) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.cancelAll()
                        group.addTask {
                            await expectCancelled { try await loop.sleep(for: duration) }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test func aSleepKeepsTheLoopRunning() async throws {
        let isOver = Mutexed(false)
        try await withLoop { loop in
            loop.callSoon {
                loop.spawn { loop in
                    try await loop.sleep(for: .milliseconds(5))
                    isOver.value = true
                }
            }
            while loop.core.timersKeepingAlive == 0 { try loop.run(.nonBlocking) }
            try loop.run()
        }
        #expect(isOver.value == true)
    }

    @Test func theEndOfTheLoopEndsSleeps() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let sleepers = (0..<5).map { _ in
            Task.detached { try await loop.sleep(for: .seconds(10_000)) }
        }
        try await loop.perform { loop in
            try await until(loop) { loop.core.timersKeepingAlive == 5 }
        }
        await thread.shutdown()
        for sleeper in sleepers {
            let error = await failure { try await sleeper.value }
            #expect(error as? EventLoopError == .closed)
        }
    }

    @Test func tasksOfTheLoopAreCancelledInTheirSleepWhenItCloses() async throws {
        let thread = try EventLoopThread()
        let sleeper = try await thread.loop.perform { loop in
            let sleeper = loop.spawn { loop in try await loop.sleep(for: .seconds(10_000)) }
            try await until(loop) { loop.core.timersKeepingAlive == 1 }
            return sleeper
        }
        await thread.shutdown()
        let error = await failure { try await sleeper.value }
        #expect(error is CancellationError)
    }

    @Test func onAClosedLoopNobodySleeps() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        await thread.shutdown()
        for duration in Self.durations {
            let error = await failure { try await loop.sleep(for: duration) }
            #expect(error as? EventLoopError == .closed)
        }
    }

    @Test func aTaskThatOutlivesItsLoopDoesNotSleep() async throws {
        let thread = try EventLoopThread()
        let gate = AsyncGate()
        let task = Task(executorPreference: thread.loop.loopTaskExecutor) {
            let loop = thread.loop
            await gate.wait()
            return await failure { try await loop.sleep(for: .seconds(10_000)) }
        }
        await thread.shutdown()
        gate.open()
        #expect(await task.value as? EventLoopError == .closed)
    }

    /// Cancellations that meet the end of the time, at every place.
    @Test func cancellationAndTheEndOfTheTimeMayMeet() async throws {
        try await onLoop { loop in
            for number in 0..<200 {
                let task = loop.spawn { loop in
                    try await loop.sleep(for: .microseconds(number))
                }
                if number % 2 == 0 {
                    try await loop.sleep(for: .microseconds(number))
                    task.cancel()
                } else {
                    Task.detached { task.cancel() }
                }
                let error = await failure { try await task.value }
                #expect(error == nil || error is CancellationError)
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }
}
