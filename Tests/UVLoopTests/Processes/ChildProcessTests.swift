import Glibc
import Testing

@testable import UVLoop

/// Children of tasks: how they are started, and how they end.
@Suite struct ChildProcessTests {
    @Test(arguments: [0, 1, 7, 255])
    func codes(_ code: Int32) async throws {
        try await onLoop { loop in
            let child = try await loop.spawnProcess(.shell("exit $1", "\(code)"))
            #expect(try await child.waitForExit() == .exited(code))
            #expect(try await child.exitStatus() == .exited(code))
            #expect(try await child.waitForExit(afterOutput: false).isSuccess == (code == 0))
        }
    }

    @Test(arguments: [Signal.terminate, .kill, .interrupt, .user1, .abort, .brokenPipe])
    func signals(_ signal: Signal) async throws {
        try await onLoop { loop in
            let child = try await loop.spawnProcess(.sleeping)
            #expect(child.processID > 0)
            #expect(try await child.exitStatus() == nil)
            try await child.kill(signal)
            #expect(try await child.waitForExit() == .signaled(signal))
            await #expect(throws: UVError.noSuchProcess) { try await child.kill(signal) }
        }
    }

    @Test func stoppingAndGoingOn() async throws {
        try await onLoop { loop in
            var options = ProcessOptions("cat").alone
            (options.standardInput, options.standardOutput) = (.pipe, .pipe)
            let child = try await loop.spawnProcess(options)
            try await child.kill(.stop)
            try await child.standardInput!.send("x")
            try await child.kill(.resume)
            #expect(try await child.standardOutput!.receive() == [UInt8(ascii: "x")])
            await #expect(throws: UVError.invalidArgument) {
                try await child.kill(Signal(rawValue: 1_000))
            }
            try await child.terminate(grace: .zero)
            #expect(try await child.waitForExit() == .signaled(.kill))
        }
    }

    @Test func argumentsArriveAsTheyAre() async throws {
        try await onLoop { loop in
            let arguments = ["", " ", "a b", "\"", "'", "$HOME", "*", "\\", "ü", "-n", "\n"]
            let output = try await loop.run(
                ProcessOptions("printf", arguments: ["%s|"] + arguments))
            #expect(output.text == arguments.map { $0 + "|" }.joined())
            var named = ProcessOptions.shell("echo $0")
            named.arguments = ["-c", "echo $0"]
            named.name = "another name"
            #expect(try await loop.run(named).text == "another name\n")
        }
    }

    @Test func environments() async throws {
        setenv("UVLOOP_TEST_KEPT", "kept=1", 1)
        setenv("UVLOOP_TEST_DROPPED", "1", 1)
        try await onLoop { loop in
            var options = ProcessOptions(
                "sh", "-c", "echo \"$UVLOOP_TEST_KEPT,$UVLOOP_TEST_DROPPED,$UVLOOP_TEST_NEW\"")
            var texts = [try await loop.run(options).text]
            options.environment = .inheriting(
                changing: ["UVLOOP_TEST_DROPPED": nil, "UVLOOP_TEST_NEW": "a b=c"])
            texts.append(try await loop.run(options).text)
            options.environment = .exactly(["UVLOOP_TEST_NEW": "2", "PATH": "/usr/bin:/bin"])
            texts.append(try await loop.run(options).text)
            options = ProcessOptions("/usr/bin/env")
            options.environment = .exactly([:])
            texts.append(try await loop.run(options).text)
            #expect(texts == ["kept=1,1,\n", "kept=1,,a b=c\n", ",,2\n", ""])
        }
    }

    /// The program is looked for where its own environment says.
    @Test func thePathIsTheChilds() async throws {
        try await onLoop { loop in
            try await withDirectory { directory in
                // No script: while it is written, another thread may start a program that has it
                // open for a moment.
                symlink("/bin/echo", directory.file("uvloop-program"))
                var options = ProcessOptions("uvloop-program", "found")
                options.environment = .inheriting(changing: ["PATH": directory.path])
                let first = try await loop.run(options)
                #expect(first.text == "found\n")
                options.environment = .inherited
                await #expect(
                    throws: ProcessError.notStarted(
                        program: "uvloop-program", .noSuchFileOrDirectory)
                ) { try await loop.run(options) }
                // With a slash it begins in the child's directory.
                options.program = "./uvloop-program"
                options.directory = directory.path
                #expect(try await loop.run(options).text == "found\n")
            }
        }
    }

    @Test func directoryUserAndGroup() async throws {
        try await onLoop { loop in
            try await withDirectory { directory in
                var options = ProcessOptions("pwd", "-P")
                options.directory = directory.path
                let text = try await loop.run(options).text
                #expect(text.hasSuffix("\(directory.path)\n"))
            }
            guard getuid() == 0 else { return }
            var options = ProcessOptions("sh", "-c", "echo $(id -u) $(id -g) $(id -G)")
            options.userID = 12_345
            options.groupID = 23_456
            #expect(try await loop.run(options).text == "12345 23456 23456\n")
            // Somebody else may not send signals to this process.
            options = ProcessOptions("sh", "-c", "kill -0 $PPID")
            options.userID = 12_345
            #expect(try await !loop.run(options).status.isSuccess)
        }
    }

    /// A detached child leads a group, which a signal reaches as a whole.
    @Test func detached() async throws {
        try await onLoop { loop in
            var options = ProcessOptions.pipedShell(
                "sleep 1000 & echo $$ $(ps -o pgid= -o sid= -p $$) $!; wait")
            options.isDetached = true
            let child = try await loop.spawnProcess(options)
            let line = try await child.standardOutput!.receiveLine()
            let numbers = line!.split(separator: " ").compactMap { Int32($0) }
            #expect(numbers.prefix(3) == [child.processID, child.processID, child.processID])
            try await child.kill(.kill)
            // Both held the pipe.
            #expect(try await child.waitForExit() == .signaled(.kill))
        }
    }

    @Test func severalTasksWaitFromSeveralThreads() async throws {
        try await onLoop { loop in
            let child = try await loop.spawnProcess(.pipedShell("read line; exit 3"))
            let tasks = (0..<8).map { number in
                Task.detached(executorPreference: number % 2 == 0 ? nil : loop.loopTaskExecutor) {
                    try await child.waitForExit(afterOutput: number % 3 == 0)
                }
            }
            try await child.standardInput!.send("\n")
            for task in tasks { #expect(try await task.value == .exited(3)) }
        }
    }

    @Test func endedBeforeAnyoneWaits() async throws {
        try await onLoop { loop in
            let child = try await loop.spawnProcess(.pipedShell("echo out; echo err >&2; exit 9"))
            try await until(loop) { !isThere(child.processID) }
            await turns(loop, for: .milliseconds(5))
            #expect(try await child.waitForExit() == .exited(9))
            #expect(try await child.standardOutput!.receiveText() == "out\n")
            #expect(try await child.standardError!.receiveText() == "err\n")
        }
    }

    @Test func aCancelledWaitLeavesTheChildRunning() async throws {
        try await onLoop { loop in
            let child = try await loop.spawnProcess(.pipedShell("read line; exit 4"))
            for afterOutput in [true, false] {
                let task = Task { try await child.waitForExit(afterOutput: afterOutput) }
                await Task.yield()
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            await #expect(throws: EventLoopError.timedOut) {
                try await loop.withTimeout(.milliseconds(5)) { try await child.waitForExit() }
            }
            #expect(try await child.exitStatus() == nil)
            try await child.standardInput!.send("\n")
            #expect(try await child.waitForExit() == .exited(4))
        }
    }

    @Test func terminatingOneThatIgnoresIt() async throws {
        try await onLoop { loop in
            let script = "trap '' TERM; echo ready; while :; do sleep 0.01; done"
            let child = try await loop.spawnProcess(.pipedShell(script))
            #expect(try await child.standardOutput!.receiveLine() == "ready")
            #expect(try await child.terminate(grace: .milliseconds(20)) == .signaled(.kill))
            // Again, and of one that heeds it.
            #expect(try await child.terminate() == .signaled(.kill))
            let other = try await loop.spawnProcess(
                .pipedShell("trap 'exit 6' TERM; echo x; read line; exit 7"))
            _ = try await other.standardOutput!.receive()
            #expect(try await other.terminate(grace: .seconds(500)) == .exited(6))
        }
    }

    @Test func aCancelledTerminateKills() async throws {
        try await onLoop { loop in
            let script = "trap '' TERM; echo ready; while :; do sleep 0.01; done"
            let child = try await loop.spawnProcess(.pipedShell(script))
            #expect(try await child.standardOutput!.receiveLine() == "ready")
            let task = Task { try await child.terminate(grace: .seconds(500)) }
            await Task.yield()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await child.waitForExit() == .signaled(.kill))
        }
    }

    /// What the child leaves behind, with its pipe, keeps the report waiting but not the other one.
    @Test func theReportComesAfterTheOutput() async throws {
        try await onLoop { loop in
            // A child of the child reads its line only later.
            let script = "exec 3<&0; (read line <&3; echo late) & exit 5"
            let child = try await loop.spawnProcess(.pipedShell(script))
            #expect(try await child.waitForExit(afterOutput: false) == .exited(5))
            let reported = Task { try await child.waitForExit() }
            await turns(loop, for: .milliseconds(20))
            let isWaiting = Mutexed(true)
            let watching = Task {
                _ = try await reported.value
                isWaiting.value = false
            }
            await turns(loop, for: .milliseconds(5))
            #expect(isWaiting.value == true)
            try await child.standardInput!.send("\n")
            #expect(try await reported.value == .exited(5))
            try await watching.value
            #expect(try await child.standardOutput!.receiveText() == "late\n")
        }
    }

    /// A report that waited for somebody to read would wait for ever here.
    @Test(arguments: [65_535, 65_536, 65_537, 100_000])
    func outputThatNobodyTakes(_ count: Int) async throws {
        try await onLoop { loop in
            let child = try await loop.spawnProcess(
                .pipedShell("head -c $1 /dev/zero", "\(count)"))
            #expect(try await child.waitForExit() == .exited(0))
            #expect(try await child.standardOutput!.receiveAll().count == count)
        }
    }

    @Test func aChildThatNobodyRefersToGoesOn() async throws {
        try await onLoop { loop in
            try await withDirectory { directory in
                var number: Int32 = 0
                do {
                    var options = ProcessOptions.shell("read line; echo done > \"$1\"", "")
                    options.arguments[3] = directory.file("result")
                    options.standardInput = .socket
                    number = try await loop.spawnProcess(options).processID
                }
                // Its input has gone with it.
                try await until(loop) { !isThere(number) }
                #expect(try directory.text(of: "result") == "done\n")
            }
        }
    }
}
