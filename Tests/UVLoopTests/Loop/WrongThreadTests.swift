import Testing
import UVLoop

/// The misuse stops the program, so each runs in a child process.
@Suite struct WrongThreadTests {
    private func expectStop(_ result: ExitTest.Result?, naming user: String) throws {
        let text = try #require(result).errorText
        #expect(text.contains("UVLoop: \(user)"))
        #expect(text.contains("was used off its event loop's thread"))
        #expect(text.contains("Write `await loop.perform { loop in … }`"))
    }

    @Test func makingATimer() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            _ = Timer(thread.loop) {}
        }
        try expectStop(result, naming: "Timer")
    }

    @Test func callingLater() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            thread.loop.callLater(.zero) {}
        }
        try expectStop(result, naming: "Timer")
    }

    @Test func makingAnIdle() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            _ = try Idle(thread.loop) {}
        }
        try expectStop(result, naming: "Idle")
    }

    @Test func makingAPrepare() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            _ = try Prepare(thread.loop) {}
        }
        try expectStop(result, naming: "Prepare")
    }

    @Test func makingACheck() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            _ = try Check(thread.loop) {}
        }
        try expectStop(result, naming: "Check")
    }

    @Test func readingMetrics() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            _ = thread.loop.metrics
        }
        try expectStop(result, naming: "metrics")
    }

    @Test func spawning() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            thread.loop.spawn { _ in }
        }
        try expectStop(result, naming: "spawn")
    }

    @Test func stopping() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            thread.loop.stop()
        }
        try expectStop(result, naming: "stop")
    }

    @Test func settingTheExceptionHandler() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            thread.loop.exceptionHandler = nil
        }
        try expectStop(result, naming: "exceptionHandler")
    }

    @Test func askingForDebugMode() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            _ = thread.loop.isDebug
        }
        try expectStop(result, naming: "isDebug")
    }

    @Test func askingForTheDescriptor() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            _ = thread.loop.backendDescriptor
        }
        try expectStop(result, naming: "backendDescriptor")
    }

    @Test func askingForTheTimeout() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            _ = thread.loop.nextTimeout
        }
        try expectStop(result, naming: "nextTimeout")
    }

    #if DEBUG
    @Test func startingATimerInDebugBuilds() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            nonisolated(unsafe) var timer: Timer?
            try await thread.loop.perform { loop in timer = Timer(loop) {} }
            timer!.start(after: .zero)
        }
        try expectStop(result, naming: "start(after:repeating:)")
    }

    @Test func callingSoonInDebugBuilds() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent])
        {
            let thread = try EventLoopThread()
            thread.loop.callSoon {}
        }
        try expectStop(result, naming: "callSoon")
    }
    #endif
}
