import Testing
import UVLoop

@Suite struct EventLoopThreadTests {
    @Test func hasAThreadOfItsOwn() async throws {
        let thread = try EventLoopThread()
        let first = try await thread.loop.perform { _ in ThreadIdentity.current }
        let second = try await thread.loop.perform { _ in ThreadIdentity.current }
        #expect(first == second && first != ThreadIdentity.current)
        #expect(!thread.loop.isOnThread)
        await thread.shutdown()
    }

    @Test func performReturnsAndRethrows() async throws {
        let thread = try EventLoopThread()
        #expect(try await thread.loop.perform { _ in 17 } == 17)
        await #expect(throws: Planned(number: 5)) {
            try await thread.loop.perform { _ in throw Planned(number: 5) }
        }
        let late = try await thread.loop.perform { loop in
            await withCheckedContinuation { done in
                loop.callLater(.milliseconds(1)) { done.resume(returning: loop.isOnThread) }
            }
        }
        #expect(late)
        await thread.shutdown()
    }

    @Test func performFromManyTasks() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...200 { group.addTask { try await loop.perform { _ in number } } }
            var sum = 0
            while let number = try await group.next() { sum += number }
            return sum
        }
        #expect(sum == 20_100)
        await thread.shutdown()
    }

    @Test func shutdownIsIdempotentAndFromAnywhere() async throws {
        let thread = try EventLoopThread()
        await withTaskGroup { group in
            for _ in 0..<10 { group.addTask { await thread.shutdown() } }
        }
        await thread.shutdown()
        #expect(thread.loop.isClosed)
        #expect(throws: EventLoopError.closed) { try thread.loop.execute { _ in } }
    }

    @Test func shutdownRunsWhatWasPostedBefore() async throws {
        for _ in 0..<10 {
            let thread = try EventLoopThread()
            let counter = Counter()
            for _ in 0..<5_000 { try thread.loop.execute { _ in counter.increment() } }
            await thread.shutdown()
            #expect(counter.value == 5_000)
        }
    }

    @Test func shutdownCancelsTasksAndStopsTimers() async throws {
        let thread = try EventLoopThread()
        let task = try await thread.loop.perform { loop in
            loop.callLater(.seconds(1_000)) { Issue.record("fired") }
            return loop.spawn { _ in
                try? await Task.sleep(for: .seconds(1_000))
                return Task.isCancelled
            }
        }
        await thread.shutdown()
        #expect(try await task.value)
    }

    @Test func shutdownFromATaskOfTheLoop() async throws {
        let thread = try EventLoopThread()
        let task = try await thread.loop.perform { loop in
            loop.spawn { loop in
                await thread.shutdown()
                return loop.isClosed
            }
        }
        #expect(try await task.value)
    }

    @Test func withoutReferencesItEndsByItself() async throws {
        var thread: EventLoopThread? = try EventLoopThread()
        let loop = thread!.loop
        // Cancelled when the loop closes, so its end says that the thread has come to its own.
        let task = try await loop.perform { loop in
            loop.spawn { _ in try await Task.sleep(for: .seconds(1_000)) }
        }
        thread = nil
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func stopOnItsThreadEndsIt() async throws {
        let thread = try EventLoopThread()
        try thread.loop.execute { $0.stop() }
        await thread.shutdown()
        #expect(thread.loop.isClosed)
    }

    @Test func threadsAreNamed() async throws {
        let thread = try EventLoopThread(name: "a name that is far too long")
        let name = try await thread.loop.perform { _ in threadName() }
        #expect(name == "a name that is ")
        await thread.shutdown()
    }

    @Test func severalShareNothing() async throws {
        let threads = try (0..<4).map { try EventLoopThread(name: "loop \($0)") }
        var seen: Set<ThreadIdentity> = []
        for thread in threads {
            seen.insert(try await thread.loop.perform { _ in ThreadIdentity.current })
        }
        #expect(seen.count == 4)
        for thread in threads { await thread.shutdown() }
    }
}
