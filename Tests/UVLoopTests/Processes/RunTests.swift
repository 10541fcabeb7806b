import Testing

@testable import UVLoop

/// `run`: a program for its output.
@Suite struct RunTests {
    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 131_073, 1_000_000])
    func outputOfAnyLength(_ count: Int) async throws {
        try await onLoop { loop in
            let bytes = pattern(count)
            // There, back, and to both outputs.
            let output = try await loop.run(.shell("tee -p /dev/stderr"), input: bytes)
            #expect(output.status == .exited(0))
            #expect(output.standardOutput == bytes)
            #expect(output.standardError == bytes)
        }
    }

    @Test func fromAnyTask() async throws {
        let thread = try EventLoopThread()
        let output = try await thread.loop.run("echo", "a", "b").checkSuccess()
        #expect(output.text == "a b\n")
        #expect(output.errorText == "")
        await thread.shutdown()
        await #expect(throws: EventLoopError.closed) { try await thread.loop.run("true") }
    }

    @Test func aStatusIsNoErrorUnlessAskedFor() async throws {
        try await onLoop { loop in
            let output = try await loop.run(.shell("echo no >&2; exit 3"))
            #expect(output.status == .exited(3))
            #expect(output.status.shellCode == 3)
            #expect(
                throws: ProcessError.failed(program: "sh", .exited(3), errorText: "no\n")
            ) { try output.checkSuccess() }
            #expect(try await loop.run(.shell("kill -9 $$")).status.shellCode == 137)
        }
    }

    @Test func nothingComesFromStandardInputUnlessGiven() async throws {
        try await onLoop { loop in
            let texts = [
                try await loop.run("cat").text, try await loop.run("cat", input: "text").text,
            ]
            #expect(texts == ["", "text"])
        }
    }

    @Test func aProgramThatDoesNotReadItsInput() async throws {
        try await onLoop { loop in
            let output = try await loop.run("echo", "x", input: pattern(1_000_000))
            #expect(output.text == "x\n")
            #expect(output.status.isSuccess)
        }
    }

    @Test(arguments: ["cat /dev/zero", "cat /dev/zero >&2", "trap '' PIPE TERM; cat /dev/zero"])
    func tooMuchOutput(_ script: String) async throws {
        try await onLoop { loop in
            let error = await failure {
                try await loop.run(
                    .shell(script), outputLimit: 100_000, grace: .milliseconds(50))
            }
            #expect(error as? ProcessError == .outputTooLong(program: "sh", limit: 100_000))
            #expect("\(error!)" == "sh wrote more than 100000 bytes")
            let exact = try await loop.run("head", "-c", "1000", "/dev/zero", outputLimit: 1_000)
            #expect(exact.standardOutput.count == 1_000)
        }
    }

    /// Nobody reads what does not go to the pipe that is too full.
    @Test func tooMuchOutputWhileItIsBeingFed() async throws {
        try await onLoop { loop in
            let error = await failure {
                try await loop.run(
                    ProcessOptions("cat").alone, input: pattern(1_000_000), outputLimit: 1_000)
            }
            #expect(error as? ProcessError == .outputTooLong(program: "cat", limit: 1_000))
        }
    }

    @Test func timeOuts() async throws {
        try await onLoop { loop in
            await #expect(throws: ProcessError.timedOut(program: "sleep")) {
                try await loop.run(.sleeping, timeout: .milliseconds(20))
            }
            await #expect(throws: ProcessError.timedOut(program: "sh")) {
                try await loop.run(
                    .shell("trap '' TERM; while :; do sleep 0.01; done"),
                    timeout: .milliseconds(20), grace: .milliseconds(20))
            }
            let output = try await loop.run("true", timeout: .seconds(500))
            #expect(output.status.isSuccess)
        }
    }

    @Test func cancelled() async throws {
        try await onLoop { loop in
            let task = Task { try await loop.run(.sleeping) }
            await turns(loop, for: .milliseconds(10))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(!loop.core.hasUserHandles)
        }
    }

    @Test func theOtherOutputsGoWhereTheOptionsSay() async throws {
        try await onLoop { loop in
            var options = ProcessOptions.shell("echo a; echo b >&2; echo c")
            options.standardError = .standardOutput
            #expect(try await loop.run(options).text == "a\nb\nc\n")
            options.standardOutput = .ignored
            options.standardError = .pipe
            let output = try await loop.run(options)
            #expect(output.text == "" && output.errorText == "b\n")
            options.standardError = .standardOutput
            #expect(try await loop.run(options).errorText == "")
        }
    }

    @Test func manyAtOnce() async throws {
        try await onLoop { loop in
            try await withThrowingTaskGroup { group in
                for number in 0..<40 {
                    group.addTask { try await loop.run("echo", "\(number)").text == "\(number)\n" }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }
}
