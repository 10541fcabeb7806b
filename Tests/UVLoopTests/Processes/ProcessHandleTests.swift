import Glibc
import Testing

@testable import UVLoop

/// Children in callback form.
@Suite struct ProcessHandleTests {
    private static func piped(_ script: String) -> ProcessOptions { .pipedShell(script) }

    @Test func theEndComesAfterThatOfTheOutput() async throws {
        try await onLoop { loop in
            var events: [String] = []
            let process = try loop.spawnProcess(Self.piped("echo out; echo err >&2; exit 2")) {
                events.append("\($0)")
            }
            for (number, name) in [(1, "out"), (2, "err")] {
                let recorder = PlainRecorder()
                recorder.hooks[.received] = { _ in events.append(name) }
                recorder.hooks[.connectionLost] = { _ in events.append("\(name) lost") }
                try process.openPipe(number, recorder)
            }
            #expect(throws: UVError.badFileDescriptor) {
                try process.openPipe(1, PlainRecorder())
            }
            #expect(throws: UVError.badFileDescriptor) {
                try process.openPipe(3, PlainRecorder())
            }
            try await until(loop) { events.last == "exited with 2" }
            #expect(Set(events) == ["out", "err", "out lost", "err lost", "exited with 2"])
            #expect(process.exitStatus == .exited(2))
            #expect(process.isClosing)
            #expect(throws: UVError.noSuchProcess) { try process.kill(.terminate) }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    /// What comes before somebody listens waits, the end too.
    @Test func pipesOpenedLate() async throws {
        try await onLoop { loop in
            var isOver = false
            let process = try loop.spawnProcess(Self.piped("echo early; exec cat >&2")) { _ in
                isOver = true
            }
            await turns(loop, for: .milliseconds(20))
            #expect(!isOver)
            let output = PlainRecorder()
            try process.openPipe(1, output)
            try process.openPipe(0, PlainRecorder()).writeEOF()
            try await until(loop) { isOver }
            #expect(output.bytes == [UInt8]("early\n".utf8))
        }
    }

    @Test func aClosureThatThrowsIsReported() async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            try loop.spawnProcess(ProcessOptions("true")) { _ in throw Planned(number: 4) }
            try await until(loop) { !reports.contexts.isEmpty }
            #expect(reports.sources == [.processExit])
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func theClosuresMayCloseAndStartOthers() async throws {
        try await onLoop { loop in
            var ends = 0
            var processes: [ProcessHandle] = []
            for _ in 0..<5 {
                processes.append(
                    try loop.spawnProcess(.shell("kill -STOP $$")) { _ in
                        ends += 1
                        for process in processes { process.close() }
                        try loop.spawnProcess(ProcessOptions("true")) { _ in ends += 10 }
                    })
            }
            // Several in one turn.
            for process in processes { try process.kill(.kill) }
            try await until(loop) { processes.allSatisfy { !isThere($0.processID) } }
            try await until(loop) { ends == 11 }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func closingLetsGo() async throws {
        try await onLoop { loop in
            let process = try loop.spawnProcess(.sleeping) { _ in
                Issue.record("heard of the end of a process that was let go")
            }
            #expect(process.isActive && process.keepsLoopAlive)
            process.close()
            process.close()
            await turns(loop, for: .milliseconds(5))
            #expect(isThere(process.processID))
            #expect(throws: UVError.noSuchProcess) { try process.kill(.kill) }
            try Signal.kill.send(to: process.processID)
            // Not even a zombie.
            try await until(loop) { !isThere(process.processID) }
        }
    }

    @Test func runsUntilTheEnd() async throws {
        try await withLoop { loop in
            var status: ProcessExitStatus?
            try loop.spawnProcess(ProcessOptions("sh", "-c", "exit 3")) { status = $0 }
            try loop.run()
            #expect(status == .exited(3))
        }
    }

    @Test func onAClosedLoop() async throws {
        try await onThread {
            let loop = try EventLoop()
            try loop.close()
            let before = ProcessError.notStarted(program: "true", .canceled)
            #expect(throws: before) { try loop.spawnProcess(ProcessOptions("true")) { _ in } }
        }
    }

    @Test func debugModeNamesWhatIsLeft() async throws {
        try await onThread {
            let loop = try EventLoop()
            loop.isDebug = true
            let reports = Reports(loop)
            let process = try loop.spawnProcess(.sleeping) { _ in }
            let watch = try loop.onSignal(.windowChanged) {}
            try loop.close()
            try Signal.kill.send(to: process.processID)
            let messages = reports.contexts.map(\.message).joined(separator: "\n")
            #expect(messages.contains("process \(process.processID), sleep"))
            #expect(messages.contains("SignalWatch of SIGWINCH"))
            withExtendedLifetime(watch) {}
        }
    }
}
