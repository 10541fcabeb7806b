import CUV
import Testing

@testable import UVLoop

@Suite struct DebugModeTests {
    /// Takes longer than any threshold of the tests.
    private static func dawdle(_ loop: EventLoop) {
        let end = loop.now.advanced(by: .milliseconds(3))
        while loop.now < end {}
    }

    /// What is reported of slow callbacks.
    private func slowReports(
        threshold: Duration, isDebug: Bool = true, _ body: (EventLoop) throws -> Void
    ) async throws -> [ExceptionContext] {
        try await withLoop { loop in
            var reports: [ExceptionContext] = []
            loop.exceptionHandler = { reports.append($0) }
            loop.isDebug = isDebug
            loop.slowCallbackThreshold = threshold
            try body(loop)
            try loop.run()
            return reports
        }
    }

    @Test func slowCallbacksAreReported() async throws {
        let reports = try await slowReports(threshold: .milliseconds(2)) { loop in
            loop.callSoon { Self.dawdle(loop) }
            loop.callLater(.milliseconds(1)) { Self.dawdle(loop) }
            try loop.execute { Self.dawdle($0) }
        }
        #expect(Set(reports.map(\.source)).isSuperset(of: [.callSoon, .timer, .execute]))
        for report in reports {
            #expect(report.error == nil)
            #expect(report.message.hasPrefix("\(report.source) took "))
            #expect(report.message.hasSuffix(" ms: the loop stood still"))
        }
    }

    @Test func slowJobsAreReported() async throws {
        let reports = try await slowReports(threshold: .milliseconds(2)) { loop in
            let task = loop.spawn { loop in Self.dawdle(loop) }
            loop.callSoon { _ = task }
            // A queued job does not keep the loop running by itself, unlike a call.
            loop.callLater(.milliseconds(1)) {}
        }
        #expect(reports.contains { $0.source == .task })
    }

    @Test func aSlowCallbackThatThrowsIsReportedTwice() async throws {
        let reports = try await slowReports(threshold: .milliseconds(2)) { loop in
            loop.callSoon {
                Self.dawdle(loop)
                throw Planned(number: 4)
            }
        }
        let ours = reports.filter { $0.source == .callSoon }
        #expect(ours.count == 2)
        #expect(ours.first?.error as? Planned == Planned(number: 4))
    }

    @Test func quickOnesAreNot() async throws {
        let reports = try await slowReports(threshold: .seconds(10_000)) { loop in
            for _ in 0..<100 { loop.callSoon {} }
        }
        #expect(reports.isEmpty)
    }

    @Test func withoutDebugModeNothingIsReported() async throws {
        let reports = try await slowReports(threshold: .zero, isDebug: false) { loop in
            loop.callSoon { Self.dawdle(loop) }
        }
        #expect(reports.isEmpty)
    }

    @Test func theThresholdIsATenthOfASecondAtFirst() async throws {
        try await withLoop { loop in
            #expect(loop.slowCallbackThreshold == .milliseconds(100))
            loop.slowCallbackThreshold = .microseconds(7)
            #expect(loop.slowCallbackThreshold == .microseconds(7))
        }
    }

    @Test func theReportNamesThePlaceOfTheHandle() async throws {
        var line: UInt = 0
        let reports = try await slowReports(threshold: .milliseconds(2)) { loop in
            let idle = try Idle(loop) {
                Self.dawdle(loop)
                loop.stop()
            }
            line = #line - 4
            idle.start()
        }
        let message = try #require(reports.first { $0.source == .phase("Idle") }?.message)
        #expect(message.hasPrefix("Idle callback, made at \(#fileID):\(line), took "))
    }

    @Test func openHandlesAreReportedWithTheirPlace() async throws {
        var reports: [ExceptionContext] = []
        var line: UInt = 0
        try await withLoop { loop in
            loop.isDebug = true
            loop.exceptionHandler = { reports.append($0) }
            try Idle(loop) {}.start()
            line = #line - 1
            let closed = try Check(loop) {}
            closed.start()
            closed.close()
            try loop.run(.nonBlocking)
        }
        #expect(
            reports.map(\.message) == [
                "the loop was closed with an open Idle, made at \(#fileID):\(line)"
            ])
        #expect(reports.first?.source == .loop)
    }

    @Test func withoutDebugModeOpenHandlesAreNotReported() async throws {
        var reports = 0
        try await withLoop { loop in
            loop.isDebug = false
            loop.exceptionHandler = { _ in reports += 1 }
            try Idle(loop) {}.start()
        }
        #expect(reports == 0)
    }

    @Test func theEnvironmentTurnsItOn() async throws {
        await #expect(processExitsWith: .success) {
            setenv("UVLOOP_DEBUG", "1", 1)
            try await withLoop { precondition($0.isDebug) }
            setenv("UVLOOP_DEBUG", "0", 1)
            try await withLoop { precondition(!$0.isDebug) }
            unsetenv("UVLOOP_DEBUG")
            try await withLoop { precondition(!$0.isDebug) }
        }
    }
}
