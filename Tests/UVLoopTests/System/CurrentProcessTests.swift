import Glibc
import Testing

@testable import UVLoop

/// What libuv says of the process. What changes the process does so in one of its own.
@Suite struct CurrentProcessTests {
    @Test func whoItIs() throws {
        #expect(CurrentProcess.id == getpid() && CurrentProcess.parentID == getppid())
        let link = "/proc/self/exe"
        let path = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4_096) { buffer in
            buffer.initialize(repeating: 0)
            _ = readlink(link, buffer.baseAddress!, buffer.count - 1)
            return String(cString: buffer.baseAddress!)
        }
        #expect(try CurrentProcess.executablePath == path)
        let user = try CurrentProcess.user
        #expect(user.id == geteuid() && !user.name.isEmpty && user.homeDirectory.hasPrefix("/"))
    }

    @Test func whatItUses() throws {
        let memory = try CurrentProcess.residentMemory
        #expect(memory > 1 << 20)
        let before = try CurrentProcess.resourceUse
        #expect(before.peakResidentMemory > 1 << 20)
        #expect(before.userTime + before.systemTime > .zero)
        let end = EventLoop.Instant.now.advanced(by: .milliseconds(30))
        while EventLoop.Instant.now < end {}
        let after = try CurrentProcess.resourceUse
        #expect(after.userTime + after.systemTime > before.userTime + before.systemTime)
        #expect(after.minorPageFaults >= before.minorPageFaults)
        #expect(after.involuntaryContextSwitches >= before.involuntaryContextSwitches)
    }

    @Test func theWorkingDirectory() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let start = try CurrentProcess.workingDirectory
                #expect(start.hasPrefix("/"))
                let (file, _) = try directory.make("file", count: 1)
                try CurrentProcess.changeWorkingDirectory(to: directory.file("."))
                #expect(access("file", F_OK) == 0)
                #expect(throws: UVError.noSuchFileOrDirectory) {
                    try CurrentProcess.changeWorkingDirectory(to: "nowhere")
                }
                #expect(throws: UVError.notDirectory) {
                    try CurrentProcess.changeWorkingDirectory(to: file)
                }
                #expect(throws: UVError.invalidArgument) {
                    try CurrentProcess.changeWorkingDirectory(to: "/\0tmp")
                }
                // Longer than the buffer that is there at first.
                let part = String(repeating: "d", count: 200)
                for _ in 0..<3 {
                    #expect(mkdir(part, 0o700) == 0)
                    try CurrentProcess.changeWorkingDirectory(to: part)
                }
                #expect(try CurrentProcess.workingDirectory.utf8.count > 600)
                for _ in 0..<2 {
                    try CurrentProcess.changeWorkingDirectory(to: "..")
                    #expect(rmdir(part) == 0)
                }
                #expect(rmdir("../" + part) == 0)
                #expect(throws: UVError.noSuchFileOrDirectory) {
                    try CurrentProcess.workingDirectory
                }
                try CurrentProcess.changeWorkingDirectory(to: start)
            }
        }
    }

    @Test func theEnvironment() async {
        await #expect(processExitsWith: .success) {
            let name = "UVLOOP_TEST_VARIABLE"
            #expect(try CurrentProcess.environmentVariable(name) == nil)
            for value in ["", "one", String(repeating: "long", count: 2_000), "ä=ö"] {
                try CurrentProcess.setEnvironmentVariable(name, to: value)
                #expect(try CurrentProcess.environmentVariable(name) == value)
                #expect(try CurrentProcess.environment[name] == value)
                #expect(String(cString: getenv(name)) == value)
            }
            try CurrentProcess.setEnvironmentVariable(name, to: nil)
            try CurrentProcess.setEnvironmentVariable(name, to: nil)
            #expect(getenv(name) == nil)
            #expect(try CurrentProcess.environment[name] == nil)
            for wrong in ["", "a=b", "a\0b"] {
                #expect(throws: UVError.invalidArgument) {
                    try CurrentProcess.setEnvironmentVariable(wrong, to: "x")
                }
                #expect(throws: UVError.invalidArgument) {
                    try CurrentProcess.setEnvironmentVariable(wrong, to: nil)
                }
            }
            #expect(throws: UVError.invalidArgument) {
                try CurrentProcess.setEnvironmentVariable(name, to: "x\0y")
            }
            try CurrentProcess.setEnvironmentVariable("HOME", to: "/somewhere")
            #expect(try CurrentProcess.homeDirectory == "/somewhere")
            try CurrentProcess.setEnvironmentVariable("TMPDIR", to: "/for/a/while/")
            #expect(try CurrentProcess.temporaryDirectory == "/for/a/while")
        }
    }

    @Test func thePriority() async {
        await #expect(processExitsWith: .success) {
            let before = try CurrentProcess.priority()
            #expect(try CurrentProcess.priority(of: getpid()) == before)
            let lower = min(before + 3, CurrentProcess.Priority.low)
            try CurrentProcess.setPriority(lower)
            #expect(try CurrentProcess.priority() == lower)
            for wrong in [-21, 20, Int.min, Int.max] {
                #expect(throws: UVError.invalidArgument) { try CurrentProcess.setPriority(wrong) }
            }
            // More than any number of a process.
            #expect(throws: UVError.noSuchProcess) { try CurrentProcess.priority(of: .max) }
            #expect(throws: UVError.noSuchProcess) {
                try CurrentProcess.setPriority(0, of: .max)
            }
        }
    }

    @Test func theTitle() async {
        await #expect(processExitsWith: .success) {
            let arguments = CommandLine.arguments
            #expect(try CurrentProcess.title == arguments[0])
            try CurrentProcess.setTitle("a title")
            #expect(try CurrentProcess.title == "a title")
            #expect(CommandLine.arguments == arguments)
            let file = try #require(fopen("/proc/self/cmdline", "r"))
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = fread(&bytes, 1, bytes.count, file)
            fclose(file)
            let shown = String(decoding: bytes.prefix(count).prefix { $0 != 0 }, as: UTF8.self)
            #expect(shown == "a title")
            // No more than the arguments had room for.
            try CurrentProcess.setTitle(String(repeating: "long ", count: 10_000))
            let room = arguments.reduce(0) { $0 + $1.utf8.count + 1 }
            #expect(try CurrentProcess.title.utf8.count < room)
            #expect(throws: UVError.invalidArgument) { try CurrentProcess.setTitle("a\0b") }
            try CurrentProcess.setTitle("")
            #expect(try CurrentProcess.title == "")
        }
    }
}
