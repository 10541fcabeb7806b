import CUV
import Glibc
import Testing
import UVLoop

// The code of the article on processes and signals, as in Snippets.swift.

@Suite struct ProcessSnippets {
    @Test func running() throws {
        try EventLoop.run { loop in
            let output = try await loop.run("sort", "-r", input: "a\nc\nb\n")
            print(output.text)  // c, b, a
            if !output.status.isSuccess { print("sort \(output.status): \(output.errorText)") }
            #expect(output.text == "c\nb\na\n")
        }
    }

    private func check(_ loop: isolated EventLoop) async throws {
        do {
            let output = try await loop.run("make", "check", timeout: .seconds(600))
            print(try output.checkSuccess().text)
        } catch ProcessError.notStarted(let program, .noSuchFileOrDirectory) {
            print("please install \(program)")
        } catch ProcessError.failed(_, let status, let errorText) {
            print("the check \(status): \(errorText)")
        }
    }

    @Test func checking() throws {
        try EventLoop.run { loop in try await check(loop) }
    }

    @Test func optionsOfAProgram() {
        var options = ProcessOptions("git", "log", "--oneline")
        options.directory = "/"
        options.environment = .inheriting(changing: ["GIT_PAGER": "cat", "GIT_DIR": nil])
        options.standardOutput = .pipe
        options.standardError = .ignored
        #expect(options.standardInput == .inherited)
    }

    /// As `calculate`, of a program that may not be there.
    private func calculate(_ loop: isolated EventLoop) async throws -> String? {
        var options = ProcessOptions("bc", "-q")
        (options.standardInput, options.standardOutput) = (.pipe, .pipe)
        let sum = try await loop.withProcess(options) { child in
            try await child.standardInput!.send("20 + 22\n")
            return try await child.standardOutput!.receiveLine()
        }
        return sum
    }

    @Test func talking() throws {
        try EventLoop.run { loop in
            do {
                let sum = try await calculate(loop)
                #expect(sum == "42")
            } catch ProcessError.notStarted("bc", .noSuchFileOrDirectory) {
                // Then there is nothing to talk to.
            }
        }
    }

    @Test func terminating() throws {
        try EventLoop.run { loop in
            let child = try await loop.spawnProcess(ProcessOptions("sleep", "1000"))
            try await child.kill(.stop)
            try await child.kill(.resume)
            let status = try await child.terminate(grace: .seconds(2))
            print("sleep \(status)")  // sleep ended by SIGTERM
        }
    }

    @Test func pipeline() throws {
        try EventLoop.run { loop in
            let (reading, writing) = try EventLoop.pipe()
            var first = ProcessOptions("printf", #"b\na\n"#)
            first.standardOutput = .descriptor(writing)
            var second = ProcessOptions("sort")
            second.standardInput = .descriptor(reading)
            let printing = try await loop.spawnProcess(first)
            close(writing)  // or sort would wait for more
            let sorted = try await loop.run(second)
            close(reading)
            print(sorted.text, try await printing.waitForExit())
            #expect(sorted.text == "a\nb\n")
        }
    }

    final class Printer: PlainProtocol {
        func dataReceived(_ data: RawSpan) {
            print(data.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        }
    }

    @Test func callbacks() throws {
        let loop = try EventLoop()
        var options = ProcessOptions("echo", "hello")
        options.standardOutput = .pipe
        let process = try loop.spawnProcess(options) { status in
            print("echo \(status)")
        }
        try process.openPipe(1, Printer())
        try loop.run()
        #expect(process.exitStatus == .exited(0))
        try loop.close()
    }

    @Test func watching() throws {
        let loop = try EventLoop()
        let watch = try loop.onSignal(.hangUp) { print("reading the configuration again") }
        watch.keepsLoopAlive = false
        try loop.run()
        try loop.close()
    }

    private func ending(_ loop: isolated EventLoop) async throws {
        for await signal in try await loop.signals(.terminate, .interrupt) {
            print("ending because of \(signal)")
            break
        }
    }

    @Test func signalsOfATask() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                loop.callLater(.milliseconds(10)) { try Signal.terminate.send(to: getpid()) }
                try await ProcessSnippets().ending(loop)
            }
        }
    }
}
