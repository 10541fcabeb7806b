import Testing

@testable import UVLoop

/// Jobs of tasks that come to a loop after its end.
@Suite struct LateJobsTests {
    private func closedLoop() async throws -> EventLoop {
        let thread = try EventLoopThread()
        await thread.shutdown()
        return thread.loop
    }

    @Test func performSaysClosed() async throws {
        let loop = try await closedLoop()
        for _ in 0..<100 {
            await #expect(throws: EventLoopError.closed) {
                try await loop.perform { _ in Issue.record("called on a closed loop") }
            }
        }
    }

    @Test func aTaskThatWaitedElsewhereStillEnds() async throws {
        let thread = try EventLoopThread()
        let (gate, begun) = (AsyncGate(), AsyncGate())
        let task = try await thread.loop.perform { loop in
            loop.spawn { loop in
                begun.open()
                await gate.wait()
                return loop.isClosed && Task.isCancelled
            }
        }
        await begun.wait()
        await thread.shutdown()
        gate.open()
        #expect(try await task.value)
    }

    @Test func theyRunOneAtATime() async throws {
        let loop = try await closedLoop()
        nonisolated(unsafe) var count = 0
        @Sendable func add(_ loop: isolated EventLoop) async {
            for _ in 0..<50 {
                count += 1
                await Task.yield()
            }
        }
        await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { await add(loop) } }
        }
        #expect(count == 1_000)
        func read(_ loop: isolated EventLoop) -> Bool {
            loop.preconditionIsolated()
            return loop.isOnThread
        }
        #expect(await read(loop))
    }

    @Test func everyOperationSaysClosed() async throws {
        let loop = try await closedLoop()
        func use(_ loop: isolated EventLoop) {
            #expect(loop.isClosed)
            #expect(throws: EventLoopError.closed) { try loop.execute { _ in } }
            #expect(throws: EventLoopError.closed) { try loop.run() }
            #expect(throws: UVError.canceled) { _ = try Idle(loop) {} }
            #expect(throws: Never.self) { try loop.close() }
            #expect(!loop.callSoon { Issue.record("called") }.isPending)
            let timer = loop.callLater(.zero) { Issue.record("fired") }
            #expect(!timer.isActive && timer.dueIn == nil)
            loop.stop()
        }
        await use(loop)
    }

    @Test func spawnOnAClosedLoopIsCancelledFromTheBeginning() async throws {
        let loop = try await closedLoop()
        await withTaskGroup { group in
            for _ in 0..<20 {
                group.addTask {
                    let task = loop.spawn { _ in
                        await Task.yield()
                        return Task.isCancelled
                    }
                    return (try? await task.value) ?? false
                }
            }
            for await wasCancelled in group { #expect(wasCancelled) }
        }
    }

    /// What is left of a closed loop's objects may be let go and asked anywhere, also while a late
    /// job runs on some thread.
    @Test func othersMayUseTheClosedLoopMeanwhile() async throws {
        await #expect(processExitsWith: .success) {
            let thread = try EventLoopThread()
            await thread.shutdown()
            let loop = thread.loop
            let (begun, gate) = (Gate(), Gate())
            func block(_ loop: isolated EventLoop) {
                begun.open()
                gate.wait()
            }
            let task = Task { await block(loop) }
            try await onThread {
                begun.wait()
                loop.stop()
                _ = loop.isDebug
                precondition(!loop.isOnThread)
                gate.open()
            }
            await task.value
        }
    }

    @Test func aJobOfALoopThatIsGone() async throws {
        let gate = AsyncGate()
        let task: Task<Bool, any Error>
        do {
            let thread = try EventLoopThread()
            task = try await thread.loop.perform { loop in
                loop.spawn { loop in
                    await gate.wait()
                    return loop.isClosed
                }
            }
            await thread.shutdown()
        }
        gate.open()
        #expect(try await task.value)
    }
}
