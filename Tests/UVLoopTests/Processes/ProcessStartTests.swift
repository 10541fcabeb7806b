import CUV
import Glibc
import Testing

@testable import UVLoop

/// The two ways to start a program. What one of them can start, both start alike.
@Suite struct ProcessStartTests {
    enum Way: CaseIterable, Codable {
        case spawned
        case forked

        func asked(_ options: ProcessOptions) -> ProcessOptions {
            var options = options
            // What only libuv can say, although it changes nothing.
            if self == .forked { options.userID = getuid() }
            return options
        }
    }

    /// Nil if it was not started.
    private static func way(
        of options: ProcessOptions, on loop: EventLoop,
        isolation: isolated (any Actor)? = #isolation
    ) async -> Way? {
        var status: ProcessExitStatus?
        guard let process = try? loop.spawnProcess(options, onExit: { status = $0 }) else {
            return nil
        }
        while status == nil { await turns(loop, for: .milliseconds(1)) }
        return process.descriptor >= 0 ? .spawned : .forked
    }

    @Test func onlyWhatCannotBeSpawnedIsForked() async throws {
        let path = String(cString: getenv("PATH"))
        let cases: [(Way?, @Sendable (inout ProcessOptions) -> Void)] = [
            (.spawned, { _ in }),
            (.spawned, { $0.directory = "/" }),
            (.spawned, { $0.environment = .inheriting(changing: ["A": "1"]) }),
            (.spawned, { $0.environment = .exactly(["PATH": path]) }),
            // The program is looked for in the child's.
            (.forked, { $0.environment = .exactly(["PATH": "\(path):/"]) }),
            (.forked, { $0.environment = .exactly([:]) }),
            (
                .spawned,
                {
                    $0.program = "/bin/true"
                    $0.environment = .exactly([:])
                }
            ),
            (
                .spawned,
                {
                    $0.standardInput = .ignored
                    $0.standardOutput = .pipe
                    $0.standardError = .standardOutput
                    $0.extraDescriptors = [.socket, .ignored, .standardOutput]
                }
            ),
            // The number of the one is the other's by then.
            (
                .forked,
                {
                    $0.standardInput = .ignored
                    $0.standardOutput = .descriptor(0)
                }
            ),
            (.forked, { $0.isDetached = true }),
            (.forked, { $0.userID = getuid() }),
            (.forked, { $0.groupID = getgid() }),
            (nil, { $0.program = "no-such-program" }),
        ]
        try await onLoop { loop in
            for (number, (way, change)) in cases.enumerated() {
                var options = ProcessOptions("true")
                change(&options)
                #expect(await Self.way(of: options, on: loop) == way, "case \(number)")
            }
        }
    }

    @Test(arguments: Way.allCases)
    func ends(_ way: Way) async throws {
        try await onLoop { loop in
            for code in [0, 3, 255] as [Int32] {
                let options = way.asked(.shell("exit $1", "\(code)"))
                let child = try await loop.spawnProcess(options)
                #expect(try await child.waitForExit() == .exited(code))
            }
            for signal in [Signal.terminate, .kill, .brokenPipe] {
                let child = try await loop.spawnProcess(way.asked(.sleeping))
                try await child.kill(signal)
                #expect(try await child.waitForExit() == .signaled(signal))
                await #expect(throws: UVError.noSuchProcess) { try await child.kill(signal) }
            }
        }
    }

    @Test(arguments: Way.allCases)
    func whatTheChildGets(_ way: Way) async throws {
        try await onLoop { loop in
            try await withDirectory { directory in
                var options = ProcessOptions("true")
                options.directory = directory.path
                options.environment = .inheriting(changing: ["A": "a b"])
                options.standardInput = .ignored
                options.standardOutput = .pipe
                options.standardError = .standardOutput
                options.extraDescriptors = [.standardOutput, .reversePipe]
                options = way.asked(options)
                #expect(await Self.way(of: options, on: loop) == way)
                options.program = "sh"
                options.arguments = [
                    "-c", "pwd -P; echo $0 $1 $A; cat <&4 >&3; echo err >&2; cat", "sh", "one",
                ]
                let child = try await loop.spawnProcess(options)
                try await child.extraStreams[1]!.send("four\n")
                try await child.extraStreams[1]!.sendEOF()
                let text = try await child.standardOutput!.receiveText()
                #expect(text.hasSuffix("\(directory.path)\nsh one a b\nfour\nerr\n"))
                #expect(try await child.waitForExit() == .exited(0))
            }
        }
    }

    /// A script that does not say who is to read it, in a directory that it is named from.
    @Test(arguments: Way.allCases)
    func scriptsWithoutAFirstLine(_ way: Way) async throws {
        try await onLoop { loop in
            try await withDirectory { directory in
                // Written by another process: a copy of this one, which another thread may make to
                // start a program, would have it open for writing for a moment.
                var writing = ProcessOptions.shell("echo 'echo $1' > script; chmod 700 script")
                writing.directory = directory.path
                _ = try await loop.run(writing).checkSuccess()
                var options = ProcessOptions("./script", "works").alone
                options.directory = directory.path
                #expect(try await loop.run(way.asked(options)).text == "works\n")
            }
        }
    }

    @Test(arguments: Way.allCases)
    func signalsDoWhatTheyDoByDefault(_ way: Way) async {
        await #expect(processExitsWith: .success) { [way] in
            for number in [SIGUSR1, SIGHUP, SIGPIPE, SIGTERM] { signal(number, SIG_IGN) }
            signal(SIGUSR2) { _ in }
            var blocked = sigset_t()
            sigfillset(&blocked)
            pthread_sigmask(SIG_BLOCK, &blocked, nil)
            try EventLoop.run { loop in
                let options = way.asked(ProcessOptions("cat", "/proc/self/status"))
                let text = try await loop.run(options).checkSuccess().text
                let lines = text.split(separator: "\n").filter {
                    ["SigBlk", "SigIgn", "SigCgt"].contains($0.prefix(6))
                }
                let sets = lines.map { $0.split(separator: "\t")[1] }
                // Of the first 31: what others ignore beyond that, libuv leaves as it is.
                let numbers = sets.map { UInt64($0, radix: 16)! & 0x7fff_ffff }
                precondition(numbers == [0, 0, 0], text)
            }
        }
    }

    @Test(arguments: Way.allCases)
    func standardDescriptorsBlock(_ way: Way) async throws {
        try await onLoop { loop in
            let (reading, writing) = try EventLoop.pipe()
            defer { for descriptor in [reading, writing] { close(descriptor) } }
            for descriptor in [reading, writing] {
                _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            }
            var options = ProcessOptions("true")
            options.standardInput = .descriptor(reading)
            options.extraDescriptors = [.descriptor(writing)]
            #expect(await Self.way(of: way.asked(options), on: loop) == way)
            #expect(fcntl(reading, F_GETFL) & O_NONBLOCK == 0)
            #expect(fcntl(writing, F_GETFL) & O_NONBLOCK != 0)
        }
    }

    /// Where the system forgets children at once.
    @Test func aProgramThatIgnoresTheEndOfChildren() async {
        await #expect(processExitsWith: .success) {
            signal(SIGCHLD, SIG_IGN)
            try EventLoop.run { loop in
                for _ in 0..<3 {
                    let child = try await loop.spawnProcess(.shell("exit 3"))
                    let status = try await child.waitForExit()
                    precondition(status == .exited(3))
                }
            }
        }
    }

    /// Other code has waited for any child, and has got this one.
    @Test func aStatusThatSomebodyElseHasTaken() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var found: ProcessExitStatus?
            let process = try loop.spawnProcess(.shell("exit 3")) { found = $0 }
            while waitpid(-1, nil, 0) != process.processID {}
            try loop.run()
            precondition(found == .exited(255))
            precondition(process.isClosing)
            try loop.close()
        }
    }

    @Test func descriptorsOfProcessesAreClosed() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            func round(_ count: Int) throws {
                for number in 0..<count {
                    let process = try loop.spawnProcess(.sleeping) { _ in }
                    // In each order: ended and reported, or let go of, before the end and after.
                    if number % 3 != 0 { try process.kill(.kill) }
                    if number % 3 != 1 {
                        if number % 3 == 2 { while process.exitStatus == nil { try turn() } }
                        process.close()
                    }
                    try loop.run()
                    kill(process.processID, SIGKILL)
                }
            }
            func turn() throws { try loop.run(.oneTurn) }
            try round(3)
            let before = openDescriptorCount()
            try round(12)
            precondition(openDescriptorCount() <= before)
            try loop.close()
            while !children().zombies.isEmpty || !children().running.isEmpty { usleep(1_000) }
        }
    }
}
