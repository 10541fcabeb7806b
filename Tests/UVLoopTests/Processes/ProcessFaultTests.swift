import CUV
import Glibc
import Testing

@testable import UVLoop

/// What cannot be started, and what that leaves: nothing.
@Suite struct ProcessFaultTests {
    private func error(of options: ProcessOptions) async throws -> ProcessError? {
        try await onLoop { loop in
            let error = await failure { try await loop.spawnProcess(options) }
            #expect(error == nil || error is ProcessError, "\(String(describing: error))")
            // Its handle goes in the next turn.
            try await until(loop) { !loop.core.hasUserHandles }
            return error as? ProcessError
        }
    }

    @Test func programsThatAreNone() async throws {
        let name = "uvloop-no-such-program"
        var error = try await error(of: ProcessOptions(name))
        #expect(error == .notStarted(program: name, .noSuchFileOrDirectory))
        #expect("\(error!)" == "start \(name): ENOENT: no such file or directory")
        try await withDirectory { directory in
            error = try await self.error(of: ProcessOptions(directory.path))
            #expect(error?.code == .permissionDenied)
            let file = try directory.make("file", [1, 2, 3])
            error = try await self.error(of: ProcessOptions(file))
            #expect(error?.code == .permissionDenied)
            chmod(file, 0o700)
            error = try await self.error(of: ProcessOptions("\(file)/program"))
            #expect(error?.code == .notDirectory)
        }
    }

    @Test func directoriesThatAreNone() async throws {
        try await withDirectory { directory in
            var options = ProcessOptions("true")
            options.directory = directory.file("nowhere")
            var error = try await self.error(of: options)
            #expect(
                error
                    == .directoryNotEntered(
                        directory.file("nowhere"), program: "true", .noSuchFileOrDirectory))
            #expect("\(error!)".hasPrefix("enter \(directory.file("nowhere")) to start true: ENO"))
            options.directory = try directory.make("file", [])
            error = try await self.error(of: options)
            #expect(error?.code == .notDirectory)
            // The directory is right, and the program is not.
            options = ProcessOptions("uvloop-no-such-program")
            options.directory = directory.path
            error = try await self.error(of: options)
            #expect(
                error == .notStarted(program: options.program, .noSuchFileOrDirectory))
        }
    }

    @Test func optionsThatMakeNoSense() async throws {
        var wrong: [ProcessOptions] = [
            ProcessOptions(""), ProcessOptions("a\0b"), ProcessOptions("echo", "a\0b"),
        ]
        for environment in [
            ProcessEnvironment.exactly(["": "1"]), .exactly(["A=B": "1"]), .exactly(["A": "\0"]),
            .inheriting(changing: ["\0": nil]),
        ] {
            wrong.append(ProcessOptions("true"))
            wrong[wrong.count - 1].environment = environment
        }
        for _ in 0..<4 { wrong.append(ProcessOptions("true")) }
        wrong[wrong.count - 1].directory = "\0"
        wrong[wrong.count - 2].name = "\0"
        wrong[wrong.count - 3].standardOutput = .standardOutput
        wrong[wrong.count - 4].standardInput = .standardOutput
        for options in wrong {
            let error = try await error(of: options)
            #expect(error?.code == .invalidArgument, "\(options)")
        }
        for number in [-1, 1_000_000] as [Int32] {
            var options = ProcessOptions("true")
            options.extraDescriptors = [.pipe, .descriptor(number)]
            #expect(try await error(of: options)?.code == .badFileDescriptor)
        }
        let long = String(repeating: "x", count: 3_000_000)
        #expect(try await error(of: ProcessOptions("true", long))?.code == .argumentListTooLong)
    }

    /// Only who may be anybody may be somebody else.
    @Test func usersThatOneMayNotBe() async {
        await #expect(processExitsWith: .success) {
            precondition(getuid() != 0 || setuid(12_345) == 0)
            try EventLoop.run { loop in
                var options = ProcessOptions("true")
                // What libuv opens once has been opened then.
                _ = try await loop.run("true")
                options.userID = 0
                let before = openDescriptorCount()
                do {
                    _ = try await loop.spawnProcess(options)
                    preconditionFailure()
                } catch let error as ProcessError {
                    precondition(error.code == .notPermitted)
                }
                precondition(openDescriptorCount() <= before)
                let result = Result { try Signal.terminate.send(to: 1) }
                guard case .failure(let error) = result else { preconditionFailure() }
                precondition(error as? UVError == .notPermitted)
            }
        }
    }

    @Test func tooManyOpenFiles() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                loop.exceptionHandler = { _ in }
                var options = ProcessOptions("true")
                options.standardInput = .pipe
                options.standardOutput = .pipe
                options.standardError = .socket
                // Whatever opens once has been opened.
                _ = try await loop.spawnProcess(options).waitForExit()
                await turns(loop, for: .milliseconds(5))
                let before = openDescriptorCount()
                var limit = rlimit()
                getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                var hasFailed = 0
                for more in 0..<12 {
                    var small = limit
                    small.rlim_cur = rlim_t(before + more)
                    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &small)
                    do {
                        _ = try await loop.spawnProcess(options).waitForExit()
                    } catch let error as ProcessError {
                        precondition(error.code == .tooManyOpenFiles, "\(error)")
                        hasFailed += 1
                    }
                    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                    while loop.core.hasUserHandles { await turns(loop, for: .milliseconds(1)) }
                    precondition(openDescriptorCount() <= before)
                }
                precondition(hasFailed > 5, "\(hasFailed)")
            }
        }
    }

    @Test func inACancelledTask() async throws {
        try await onLoop { loop in
            let task = Task { try await loop.spawnProcess(ProcessOptions("true")) }
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(!loop.core.hasUserHandles)
        }
    }
}
