import Testing

@testable import UVLoop

/// `Task.sleep` of tasks that prefer a loop, and how it ends when the loop does.
@Suite(.timeLimit(.minutes(1)))
struct SleepingJobsTests {
    /// The loop's timer wakes it, and no other thread.
    @Test func theLoopsOwnTimersWakeIt() async throws {
        try await runLoop { loop in
            let tasks = (0..<5).map { _ in
                Task(executorPreference: loop.taskExecutor) {
                    try await Task.sleep(for: .seconds(1_000))
                }
            }
            while loop.core.timersKeepingAlive < 5 { await Task.yield() }
            for task in tasks {
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
        }
    }

    /// The runtime does not say that a cancelled sleep is over.
    @Test func whatACancelledSleepLeavesStaysUntilItsTime() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let task = Task(executorPreference: loop.taskExecutor) {
            try await Task.sleep(for: .milliseconds(200))
        }
        while try await loop.perform({ $0.core.timersKeepingAlive }) == 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        while try await loop.perform({ $0.core.timersKeepingAlive }) == 1 {
            try await loop.sleep(for: .milliseconds(1))
        }
        await thread.shutdown()
    }

    /// Begun on a thread that is not the loop's.
    private func sleeper(on loop: EventLoop, for duration: Duration) -> Task<Int, Never> {
        Task.immediate(executorPreference: loop.taskExecutor) {
            try? await Task.sleep(for: duration)
            return 7
        }
    }

    @Test func onALoopThatNeverRunsAndIsLetGo() async throws {
        for duration in [Duration.zero, .milliseconds(1), .seconds(1_000)] {
            var loop = Optional(try await onThread { try EventLoop() })
            let tasks = (0..<10).map { _ in sleeper(on: loop!, for: duration) }
            loop = nil
            for task in tasks { #expect(await task.value == 7) }
        }
    }

    @Test func onALoopThatIsClosedBeforeItEverRuns() async throws {
        for duration in [Duration.zero, .milliseconds(1), .seconds(1_000)] {
            let tasks = try await withLoop { loop in
                let (tasks, areThere) = (Mutexed<[Task<Int, Never>]>(), Gate())
                startThread {
                    tasks.value = (0..<10).map { _ in self.sleeper(on: loop, for: duration) }
                    areThere.open()
                }
                areThere.wait()
                return tasks.value!
            }
            for task in tasks { #expect(await task.value == 7) }
        }
    }

    /// Its timer is due, or has been started, when the loop goes.
    @Test func onALoopThatRanForATurnAndIsLetGo() async throws {
        for duration in [Duration.zero, .microseconds(1), .seconds(1_000)] {
            let tasks = try await onThread {
                let loop = try EventLoop()
                let tasks = (0..<10).map { _ in
                    Task(executorPreference: loop.taskExecutor) {
                        try? await Task.sleep(for: duration)
                        return 7
                    }
                }
                for _ in 0..<3 { try loop.run(.nonBlocking) }
                return tasks
            }
            for task in tasks { #expect(await task.value == 7) }
        }
    }

    @Test func onALoopThatIsClosed() async throws {
        let thread = try EventLoopThread()
        await thread.shutdown()
        for duration in [Duration.zero, .milliseconds(1), .seconds(1_000)] {
            #expect(await sleeper(on: thread.loop, for: duration).value == 7)
        }
    }
}
