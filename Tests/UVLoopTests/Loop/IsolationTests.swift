import Testing
import UVLoop

/// An actor of a user that lives on the loop.
private actor Pinned {
    let loop: EventLoop
    private(set) var count = 0

    init(_ loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

    func add() -> Bool {
        count += 1
        return loop.isOnThread
    }

    func addSlowly() async -> Bool {
        let before = loop.isOnThread
        await Task.detached {}.value
        count += 1
        return before && loop.isOnThread
    }

    func makeTimer() async -> Bool {
        await withCheckedContinuation { done in
            loop.callLater(.microseconds(10)) { done.resume(returning: self.loop.isOnThread) }
        }
    }
}

@Suite struct IsolationTests {
    @Test func aTaskIsolatedToTheLoopRunsOnItsThread() async throws {
        let thread = try EventLoopThread()
        func isolated(_ loop: isolated EventLoop) async -> Bool {
            let before = loop.isOnThread
            await Task.yield()
            await Task.detached {}.value
            return before && loop.isOnThread
        }
        await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { await isolated(thread.loop) } }
            for await isRight in group { #expect(isRight) }
        }
        #expect(!thread.loop.isOnThread)
        await thread.shutdown()
    }

    @Test func anActorWithTheLoopAsItsExecutor() async throws {
        let thread = try EventLoopThread()
        let pinned = Pinned(thread.loop)
        await withTaskGroup { group in
            for number in 0..<40 {
                group.addTask {
                    number % 2 == 0 ? await pinned.add() : await pinned.addSlowly()
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(await pinned.count == 40)
        #expect(await pinned.makeTimer())
        await thread.shutdown()
    }

    @Test func fromTheLoopSuchAnActorNeedsNoTurn() async throws {
        try await runLoop { loop in
            let pinned = Pinned(loop)
            var turns = 0
            let check = try Check(loop) { turns += 1 }
            check.start()
            for _ in 0..<1_000 { _ = await pinned.add() }
            #expect(turns <= 10)
            check.close()
        }
    }

    @Test func callbacksMayAssumeTheIsolation() async throws {
        try await withLoop { loop in
            var places = 0
            let pinned = Pinned(loop)
            let ask = {
                loop.assumeIsolated { _ in }
                pinned.assumeIsolated { _ in }
                places += 1
            }
            loop.callSoon(ask)
            loop.callLater(.zero, ask)
            let prepare = try Prepare(loop, ask)
            prepare.start()
            loop.callLater(.milliseconds(1)) { prepare.close() }
            try loop.execute { loop in
                loop.assertIsolated()
                loop.preconditionIsolated()
            }
            try loop.run()
            #expect(places >= 3)
        }
    }

    @Test func assumingItElsewhereStops() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            func assume() { thread.loop.assumeIsolated { _ in } }
            assume()
        }
        #expect(try #require(result).errorText.contains("Fatal error"))
    }

    @Test func spawnStaysOnTheThread() async throws {
        try await runLoop { loop in
            let task = loop.spawn { loop in
                for _ in 0..<50 {
                    #expect(loop.isOnThread)
                    await Task.yield()
                    #expect(loop.isOnThread)
                    await Task.detached {}.value
                    #expect(loop.isOnThread)
                    try await Task.sleep(for: .microseconds(10))
                    #expect(loop.isOnThread)
                    await withCheckedContinuation { done in startThread { done.resume() } }
                    #expect(loop.isOnThread)
                }
                return 11
            }
            try await #expect(task.value == 11)
        }
    }

    @Test func spawnTakesAlongWhatBelongsToTheThread() async throws {
        try await runLoop { loop in
            final class Local { var count = 0 }
            nonisolated(unsafe) let local = Local()
            nonisolated(unsafe) let timer = Timer(loop) { local.count += 1 }
            timer.start(after: .seconds(1_000))
            let task = loop.spawn { _ in
                await Task.yield()
                local.count += 1
                timer.stop()
            }
            try await task.value
            #expect(local.count == 1 && !timer.isActive)
        }
    }

    @Test func spawnBeginsInALaterTurnAndGivesErrorsToItsTask() async throws {
        try await runLoop { loop in
            nonisolated(unsafe) var hasBegun = false
            let task = loop.spawn { _ in
                hasBegun = true
                throw Planned(number: 2)
            }
            #expect(!hasBegun)
            await #expect(throws: Planned(number: 2)) { try await task.value }
        }
    }

    @Test func performInsideIsDirect() async throws {
        try await runLoop { loop in
            var turns = 0
            let check = try Check(loop) { turns += 1 }
            check.start()
            for number in 0..<100 {
                try await #expect(loop.perform { _ in number } == number)
            }
            #expect(turns <= 5)
            check.close()
        }
    }

    @Test func childTasksOfTheBodyMayRunOnTheLoop() async throws {
        try await runLoop { loop in
            let sum = await withTaskGroup { group in
                for number in 1...100 {
                    group.addTask {
                        await Task.yield()
                        return loop.isOnThread ? number : 0
                    }
                }
                var sum = 0
                while let number = await group.next() { sum += number }
                return sum
            }
            #expect(sum == 5_050)
        }
    }
}
