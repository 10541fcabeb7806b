import CUV
import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(1)))
struct WatchdogTests {
    /// What the watchdog has reported, for the thread that stands still to wait for.
    private final class Reports: Sendable {
        private let messages = Mutexed([String]())
        private let gate = Gate()

        func add(_ message: String) {
            messages.update { $0.append(message) }
            gate.open()
        }

        /// Blocks until the next one has come.
        func wait() { gate.wait() }

        var all: [String] { messages.value ?? [] }
    }

    @Test func whatDoesNotEndIsReportedOnce() async throws {
        let reports = Reports()
        let watchdog = Watchdog(threshold: 2_000_000) { reports.add($0) }
        watchdog.start()
        defer { watchdog.stop() }
        let place = SourcePlace(file: "here.swift", line: 7)
        try await onThread {
            watchdog.enter(.task, nil, at: uv_hrtime())
            reports.wait()
            // A callback in the callback is no new one.
            watchdog.enter(.timer, nil, at: uv_hrtime())
            watchdog.leave()
            watchdog.leave()
            watchdog.enter(.phase("Idle"), place, at: uv_hrtime())
            reports.wait()
            watchdog.leave()
        }
        let all = reports.all
        #expect(all.count == 2)
        #expect(all.first?.hasPrefix("task has been running for ") == true)
        #expect(all.first?.hasSuffix(" s and has not ended: the loop stands still") == true)
        #expect(all.last?.hasPrefix("Idle callback, made at here.swift:7, has been ") == true)
    }

    @Test func whatEndsIsNotReported() async throws {
        let reports = Reports()
        let watchdog = Watchdog(threshold: 10_000_000_000_000) { reports.add($0) }
        watchdog.start()
        for _ in 0..<1_000 {
            watchdog.enter(.callSoon, nil, at: uv_hrtime())
            watchdog.leave()
        }
        // One more than was entered: it may have begun before.
        watchdog.leave()
        watchdog.enter(.execute, nil, at: uv_hrtime())
        // The thread waits for an age, unless it is told.
        watchdog.setThreshold(0)
        try await onThread { reports.wait() }
        watchdog.leave()
        watchdog.stop()
        #expect(reports.all.count == 1)
        #expect(reports.all.first?.hasPrefix("posted closure has been running ") == true)
    }

    /// The thread holds the watchdog, and nothing else does.
    @Test func itsThreadEnds() async throws {
        let gone = Gate()
        do {
            // Sound: only given away.
            nonisolated(unsafe) let canary = Canary { gone.open() }
            let watchdog = Watchdog(threshold: 1_000_000) { _ in _ = canary }
            watchdog.start()
            watchdog.stop()
        }
        try await onThread { gone.wait() }
    }

    @Test func itIsThereInDebugModeOnly() async throws {
        try await withLoop { loop in
            loop.isDebug = false
            #expect(loop.core.watchdog == nil)
            #expect(loop.blockedLoopThreshold == .seconds(5))
            loop.isDebug = true
            let watchdog = loop.core.watchdog
            #expect(watchdog != nil)
            loop.isDebug = true
            #expect(loop.core.watchdog === watchdog)
            loop.isDebug = false
            #expect(loop.core.watchdog == nil)
            loop.isDebug = true
            try loop.close()
            #expect(loop.core.watchdog == nil)
            loop.isDebug = true
            #expect(loop.core.watchdog == nil)
        }
    }

    /// A task that would block for ever, if nobody said so.
    @Test func aBlockedLoopIsReportedOnStandardError() async throws {
        await #expect(processExitsWith: .success) {
            var ends: [Int32] = [0, 0]
            precondition(pipe(&ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0)
            let input = ends[0]
            let said = try EventLoop.run { loop in
                loop.isDebug = true
                loop.blockedLoopThreshold = .milliseconds(20)
                return try await loop.spawn { _ in
                    // Blocks the loop until the report is there.
                    var bytes = [UInt8](repeating: 0, count: 500)
                    let count = read(input, &bytes, bytes.count)
                    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
                }.value
            }
            precondition(said.hasPrefix("UVLoop: task has been running for "), said)
            precondition(said.hasSuffix(" s and has not ended: the loop stands still\n"), said)
        }
    }
}
