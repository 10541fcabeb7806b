import Testing
import UVLoop

/// The executors of a loop, in the hands of who has actors and tasks of their own.
@Suite struct LoopExecutorsTests {
    @Test func aTaskThatPrefersTheLoopRunsThere() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let places = await Task(executorPreference: loop.taskExecutor) {
            await everywhere(loop)
        }.value
        #expect(places.allSatisfy { $0 })
        await thread.shutdown()
    }

    @Test func alsoWhenItIsStartedOnAThreadWithoutTasks() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let places = await withCheckedContinuation { done in
            startThread {
                Task.detached(executorPreference: loop.taskExecutor) {
                    done.resume(returning: await everywhere(loop))
                }
            }
        }
        #expect(places.allSatisfy { $0 })
        await thread.shutdown()
    }

    @Test func aPartOfATaskMayPreferIt() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let places = await withTaskExecutorPreference(loop.taskExecutor) {
            async let child = everywhere(loop)
            return await everywhere(loop) + child
        }
        #expect(places.allSatisfy { $0 })
        #expect(!loop.isOnThread)
        await thread.shutdown()
    }

    @Test func groupsDealTasksOutToLoops() async throws {
        let threads = try (0..<3).map { _ in try EventLoopThread() }
        let count = await withTaskGroup { group in
            for number in 0..<60 {
                let loop = threads[number % 3].loop
                group.addTask(executorPreference: loop.taskExecutor) { await everywhere(loop) }
            }
            return await group.reduce(into: 0) { $0 += $1.count(where: \.self) }
        }
        #expect(count == 60 * 4)
        for thread in threads { await thread.shutdown() }
    }

    /// Its isolation decides where an actor's function runs, whoever calls.
    @Test func anActorStaysOnItsOwnLoop() async throws {
        let (first, second) = (try EventLoopThread(), try EventLoopThread())
        let ledger = Ledger(on: second.loop)
        await withTaskGroup { group in
            for number in 0..<100 {
                group.addTask(executorPreference: first.loop.taskExecutor) {
                    #expect(first.loop.isOnThread)
                    #expect(await ledger.add(number))
                    #expect(first.loop.isOnThread)
                }
            }
        }
        #expect(await ledger.sum == 4_950)
        for thread in [first, second] { await thread.shutdown() }
    }

    @Test func theExecutorsAreTheLoopsOwn() async throws {
        try await withLoop { loop in
            loop.serialExecutor.preconditionIsolated()
            #expect(loop.serialExecutor.isIsolatingCurrentContext() == true)
        }
    }

    // MARK: After the end

    @Test func aTaskForAClosedLoopRunsElsewhere() async throws {
        let loop = try await closedLoop()
        let sum = await withTaskGroup { group in
            for number in 0..<50 {
                group.addTask(executorPreference: loop.taskExecutor) {
                    await Task.yield()
                    return loop.isClosed ? number : 0
                }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 1_225)
    }

    @Test func aTaskGoesOnWhenItsLoopCloses() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let (begun, gate) = (AsyncGate(), AsyncGate())
        let task = Task(executorPreference: loop.taskExecutor) {
            let isThere = loop.isOnThread
            begun.open()
            await gate.wait()
            return isThere && loop.isClosed
        }
        await begun.wait()
        await thread.shutdown()
        gate.open()
        #expect(await task.value)
    }

    /// The task is all that holds it.
    @Test func theExecutorOfALoopThatIsGone() async throws {
        let executor = try await closedLoop().taskExecutor
        for number in 0..<50 {
            let task = Task(executorPreference: executor) {
                await Task.yield()
                return number
            }
            #expect(await task.value == number)
        }
    }

    @Test func anActorOfAClosedLoopAnswers() async throws {
        let ledger = Ledger(on: try await closedLoop())
        await withTaskGroup { group in
            for number in 0..<100 { group.addTask { _ = await ledger.add(number) } }
        }
        #expect(await ledger.sum == 4_950)
    }

    private func closedLoop() async throws -> EventLoop {
        let thread = try EventLoopThread()
        await thread.shutdown()
        return thread.loop
    }
}

/// Whether it is on the loop's thread: at first, and after each thing that it waits for.
@concurrent
private func everywhere(_ loop: EventLoop) async -> [Bool] {
    var places = [loop.isOnThread]
    await Task.yield()
    places.append(loop.isOnThread)
    try? await Task.sleep(for: .microseconds(10))
    places.append(loop.isOnThread)
    await Task.detached {}.value
    places.append(loop.isOnThread)
    return places
}

/// An actor that lives on a loop by its executor.
private actor Ledger {
    private let loop: EventLoop
    private(set) var sum = 0

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.serialExecutor.asUnownedSerialExecutor()
    }

    func add(_ number: Int) async -> Bool {
        let sum = sum + number
        self.sum = sum
        await Task.yield()
        return loop.isOnThread
    }
}
