import Glibc
import Testing

@testable import UVLoop

/// What user code may do while its loop closes. Done wrong, it ends the process: hence the
/// children.
@Suite struct LoopClosingTests {
    @Test func closeInsideCloseIsAnError() async throws {
        await #expect(processExitsWith: .success) {
            try await onThread {
                let loop = try EventLoop()
                nonisolated(unsafe) var errors: [EventLoopError] = []
                loop.callSoon {
                    do throws(EventLoopError) { try loop.close() } catch { errors.append(error) }
                }
                try loop.close()
                precondition(errors == [.running] && loop.isClosed)
            }
        }
    }

    @Test func runInsideCloseIsAnError() async throws {
        await #expect(processExitsWith: .success) {
            try await onThread {
                let loop = try EventLoop()
                nonisolated(unsafe) var errors: [EventLoopError] = []
                for mode in [EventLoop.RunMode.nonBlocking, .untilDone] {
                    loop.callSoon {
                        do throws(EventLoopError) { try loop.run(mode) } catch {
                            errors.append(error)
                        }
                    }
                }
                try loop.close()
                precondition(errors == [.running, .running])
            }
        }
    }

    @Test func stopInsideCloseDoesNothing() async throws {
        try await onThread {
            let loop = try EventLoop()
            var calls = 0
            for _ in 0..<1_000 {
                loop.callSoon {
                    calls += 1
                    loop.stop()
                }
            }
            try loop.close()
            #expect(calls == 1_000)
        }
    }

    @Test func handlesAtRestMayBeUsed() async throws {
        await #expect(processExitsWith: .success) {
            try await onThread {
                let loop = try EventLoop()
                var calls = 0
                let idles = try (0..<4).map { _ in try Idle(loop) {} }
                func use(_ times: Int) {
                    calls += 1
                    precondition(!idles[0].isActive)
                    if times == 5 { idles[1].close() }
                    if times == 3 { idles[2].start() }
                    idles[3].start()
                    idles[3].stop()
                    if times > 0 { loop.callSoon { use(times - 1) } }
                }
                loop.callSoon { use(9) }
                try loop.close()
                precondition(calls == 10)
                precondition(idles.allSatisfy { $0.isClosing && !$0.isActive })
            }
        }
    }

    @Test func whatIsOpenedMeanwhileIsClosedToo() async throws {
        try await onThread {
            var deaths = 0
            let loop = try EventLoop()
            var isRefused = false
            func open(_ left: Int) {
                loop.callSoon {
                    do throws(UVError) {
                        let canary = Canary { deaths += 1 }
                        try Idle(loop) { _ = canary }.start()
                    } catch {
                        isRefused = true
                        return
                    }
                    if left > 0 { open(left - 1) }
                }
            }
            open(100)
            try Idle(loop) {}.start()
            try loop.close()
            #expect(isRefused || deaths == 101)
            #expect(deaths > 0)
        }
    }

    @Test func tasksHearOfItByCancellation() async throws {
        try await onThread {
            let loop = try EventLoop()
            nonisolated(unsafe) var log: [String] = []
            for number in 0..<10 {
                loop.spawn { loop in
                    do { try await Task.sleep(for: .seconds(1_000)) } catch {
                        log.append("\(number) \(loop.isOnThread) \(loop.isClosed)")
                    }
                }
            }
            try loop.run(.nonBlocking)
            try loop.run(.nonBlocking)
            try loop.close()
            #expect(log.sorted() == (0..<10).map { "\($0) true false" })
        }
    }

    @Test func aTaskSpawnedMeanwhileIsCancelledToo() async throws {
        try await onThread {
            let loop = try EventLoop()
            nonisolated(unsafe) var wasCancelled: Bool?
            loop.callSoon {
                loop.spawn { _ in
                    try? await Task.sleep(for: .seconds(1_000))
                    wasCancelled = Task.isCancelled
                }
            }
            try loop.close()
            #expect(wasCancelled == true)
        }
    }

    @Test func aThrowingCallbackMeanwhileIsReported() async throws {
        try await onThread {
            let loop = try EventLoop()
            var reports: [CallbackSource] = []
            loop.exceptionHandler = { reports.append($0.source) }
            loop.callSoon { throw Planned() }
            try loop.close()
            #expect(reports == [.callSoon])
        }
    }

    /// A poll of a path is gone when its request is. The loop sleeps until then.
    @Test(.timeLimit(.minutes(1))) func aPollBehindABusyPool() async {
        await #expect(processExitsWith: .success) {
            try await onThread {
                let loop = try EventLoop()
                let gate = Gate()
                for _ in 0..<4 {
                    try WorkRequest.start(loop) {
                        gate.wait()
                        return 0
                    } _: { _ in
                    }
                }
                let poll = try StatusPoll(loop) { _ in }
                try poll.start("/", every: .seconds(100))
                let thread = realpath("/proc/thread-self", nil)!
                let place = String(cString: thread)
                free(thread)
                startThread {
                    waitUntilAsleep(place)
                    for _ in 0..<4 { gate.open() }
                }
                try loop.close()
                precondition(!poll.isActive)
            }
        }
    }
}

/// Waits until a thread has been asleep whenever it was looked at, for a while.
///
/// - Parameter place: its directory.
private func waitUntilAsleep(_ place: String) {
    var timesAsleep = 0
    while timesAsleep < 50 {
        guard let file = fopen("\(place)/stat", "r") else { return }
        var line = [UInt8](repeating: 0, count: 512)
        let count = fread(&line, 1, line.count, file)
        fclose(file)
        // The state follows the name, which is in parentheses.
        let text = String(decoding: line.prefix(count), as: UTF8.self)
        let state = text.split(separator: ")").last?.dropFirst().first
        timesAsleep = state == "S" ? timesAsleep + 1 : 0
        usleep(1_000)
    }
}
