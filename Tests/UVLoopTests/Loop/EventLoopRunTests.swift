import Testing
import UVLoop

@Suite struct EventLoopRunTests {
    @Test func returnsTheValue() async throws {
        let value = try await runLoop { loop in
            await Task.yield()
            return loop.isOnThread ? 42 : 0
        }
        #expect(value == 42)
    }

    @Test func rethrowsTheError() async throws {
        await #expect(throws: Planned(number: 7)) {
            try await runLoop { _ in
                await Task.yield()
                throw Planned(number: 7)
            }
        }
    }

    @Test func isAnErrorInsideAnotherRun() async throws {
        try await runLoop { _ in
            #expect(throws: EventLoopError.running) { try EventLoop.run { _ in } }
        }
    }

    @Test func runsOnTheCallingThread() async throws {
        try await onThread {
            let before = ThreadIdentity.current
            let inside = try EventLoop.run { _ in
                await Task.yield()
                return ThreadIdentity.current
            }
            #expect(before == inside)
        }
    }

    @Test func manyInARowOnOneThread() async throws {
        try await onThread {
            for number in 0..<50 {
                try #expect(EventLoop.run { _ in number } == number)
            }
        }
    }

    @Test func cancelsWhatItSpawned() async throws {
        final class State { var log: [String] = [] }
        let log = try await onThread {
            nonisolated(unsafe) let state = State()
            try EventLoop.run { loop in
                loop.spawn { _ in
                    do { try await Task.sleep(for: .seconds(1_000)) } catch {
                        state.log.append("\(error is CancellationError)")
                    }
                    state.log.append("\(Task.isCancelled)")
                }
                await Task.yield()
                await Task.yield()
                state.log.append("body")
            }
            return state.log
        }
        #expect(log == ["body", "true", "true"])
    }

    @Test func closesWhatIsLeft() async throws {
        nonisolated(unsafe) var left: (EventLoop, Timer, Idle)?
        try await onThread {
            try EventLoop.run { loop in
                let timer = loop.callLater(.seconds(1_000)) { Issue.record("fired") }
                let idle = try Idle(loop) {}
                idle.start()
                left = (loop, timer, idle)
            }
        }
        let (loop, timer, idle) = left!
        #expect(loop.isClosed)
        #expect(!timer.isActive)
        #expect(idle.isClosing && !idle.isActive)
        #expect(throws: EventLoopError.closed) { try loop.execute { _ in } }
    }

    @Test func stoppedBeforeItsEndItSaysSo() async throws {
        await #expect(throws: EventLoopError.stopped) {
            try await runLoop { loop in
                loop.callSoon { loop.stop() }
                // Nobody resumes it but the cancellation, which it ignores.
                let never = Gateway()
                await never.pass()
            }
        }
    }

    @Test func stoppedBeforeItsEndItCancelsTheBody() async throws {
        let wasCancelled = try await runLoop { loop in
            loop.callSoon { loop.stop() }
            do { try await Task.sleep(for: .seconds(1_000)) } catch { return true }
            return false
        }
        #expect(wasCancelled)
    }

    @Test func goesOnWhileOnlyForeignWorkIsLeft() async throws {
        let value = try await runLoop { loop in
            let value = await Task.detached {
                for _ in 0..<10 { await Task.yield() }
                return 5
            }.value
            return loop.isOnThread ? value : -1
        }
        #expect(value == 5)
    }

    @Test func theBodyMayUseWhatTheCallerHas() async throws {
        try await onThread {
            final class Counter { var count = 0 }
            nonisolated(unsafe) let counter = Counter()
            try EventLoop.run { loop in
                for _ in 0..<10 {
                    counter.count += 1
                    await Task.yield()
                }
            }
            #expect(counter.count == 10)
        }
    }

    @Test func resumesOfTheBodyAreOnTheThread() async throws {
        try await runLoop { loop in
            let clock = ContinuousClock()
            for _ in 0..<20 {
                try await Task.sleep(for: .microseconds(50), clock: clock)
                #expect(loop.isOnThread)
                await Task.detached {}.value
                #expect(loop.isOnThread)
            }
        }
    }
}

/// What nobody ever passes.
private actor Gateway {
    func pass() async {
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
}
