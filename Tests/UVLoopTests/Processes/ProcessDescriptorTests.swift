import CUV
import Glibc
import Testing

@testable import UVLoop

/// What the child's descriptors are.
@Suite struct ProcessDescriptorTests {
    @Test func nothingElseIsInherited() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let listener = try await loop.listen(on: .address(.anyPortIPv4))
                let (one, other) = try await loop.streamPair()
                // What others have opened for it.
                let inherited = Set((3..<4_096).filter { fcntl(Int32($0), F_GETFD) == 0 })
                let text = try await loop.run("ls", "/proc/self/fd").checkSuccess().text
                let found = Set(text.split(separator: "\n").compactMap { Int($0) })
                // And the one that `ls` itself has opened.
                precondition(found.subtracting(inherited).count == 4, "\(found)")
                precondition(found.isSuperset(of: [0, 1, 2]))
                withExtendedLifetime((listener, one, other)) {}
            }
        }
    }

    @Test func extraDescriptors() async throws {
        try await onLoop { loop in
            var options = ProcessOptions.shell(
                "echo three >&3; read line <&4; echo four: $line >&3; cat <&5 >&5; echo 6 >&6")
            options.standardOutput = .pipe
            options.extraDescriptors = [.pipe, .reversePipe, .socket, .standardOutput]
            let child = try await loop.spawnProcess(options)
            let streams = child.extraStreams
            try await streams[1]!.send("line\n")
            try await streams[2]!.send("socket")
            try await streams[2]!.sendEOF()
            #expect(try await streams[0]!.receiveText() == "three\nfour: line\n")
            #expect(try await streams[2]!.receiveText() == "socket")
            #expect(streams[3] == nil)
            #expect(try await child.standardOutput!.receiveText() == "6\n")
            #expect(try await child.waitForExit() == .exited(0))
        }
    }

    @Test func reversedStandardOnes() async throws {
        try await onLoop { loop in
            var options = ProcessOptions.shell("exec 3<&0; cat <&1 >&3")
            options.standardInput = .reversePipe
            options.standardOutput = .reversePipe
            let child = try await loop.spawnProcess(options)
            try await child.standardOutput!.send("backwards")
            try await child.standardOutput!.sendEOF()
            #expect(try await child.standardInput!.receiveText() == "backwards")
            #expect(try await child.waitForExit() == .exited(0))
        }
    }

    /// One child's output is the other's input.
    @Test func aPipeline() async throws {
        try await onLoop { loop in
            let (reading, writing) = try EventLoop.pipe()
            var first = ProcessOptions("printf", "b\\na\\nc\\n")
            first.standardOutput = .descriptor(writing)
            var second = ProcessOptions("sort")
            second.standardInput = .descriptor(reading)
            let printing = try await loop.spawnProcess(first)
            close(writing)
            let output = try await loop.run(second)
            close(reading)
            #expect(output.text == "a\nb\nc\n")
            #expect(try await printing.waitForExit().isSuccess)
        }
    }

    @Test func exchangedNumbers() async {
        await #expect(processExitsWith: .success) {
            // The two outputs change places, and the standard input is one of the extra ones.
            let (reading, writing) = try EventLoop.pipe()
            dup2(writing, 1)
            try EventLoop.run { loop in
                var options = ProcessOptions.shell("echo out; echo err >&2; cat <&3")
                options.standardOutput = .descriptor(2)
                options.standardError = .descriptor(1)
                options.extraDescriptors = [.descriptor(0), .descriptor(reading)]
                options.standardInput = .ignored
                let null = open("/dev/null", O_RDWR)
                dup2(null, 0)
                dup2(null, 2)
                _ = try await loop.spawnProcess(options).waitForExit()
            }
            var bytes = [UInt8](repeating: 0, count: 10)
            let count = read(reading, &bytes, 10)
            precondition(bytes[..<count] == [UInt8]("err\n".utf8)[...])
        }
    }

    /// Also when this process has closed its own standard ones, and the numbers go to others.
    @Test func withoutStandardDescriptors() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                // What libuv opens once would get one of their numbers, and it never closes those.
                _ = try await loop.run("true")
                for number in Int32(0)..<3 { close(number) }
                let output = try await loop.run(
                    "sh", "-c", "cat; echo err >&2", input: pattern(100_000))
                precondition(output.standardOutput == pattern(100_000))
                precondition(output.errorText == "err\n")
                do {
                    _ = try await loop.run("no-such-program")
                    preconditionFailure()
                } catch let error as ProcessError {
                    precondition(error.code == .noSuchFileOrDirectory)
                }
                do {
                    _ = try await loop.spawnProcess(ProcessOptions("true"))
                    preconditionFailure()
                } catch let error as ProcessError {
                    precondition(error.code == .badFileDescriptor)
                }
            }
        }
    }

    /// The child has so many that it fills the place where libuv would hear of a failed start.
    @Test func aFailedStartIsHeardOfWithManyDescriptors() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                // What libuv opens once has been opened then.
                _ = try await loop.run("true")
                for count in [1, 5, 10, 20, 40, 80] {
                    var options = ProcessOptions("no-such-program")
                    options.extraDescriptors = Array(repeating: .descriptor(0), count: count)
                    let before = openDescriptorCount()
                    do {
                        _ = try await loop.spawnProcess(options)
                        preconditionFailure("\(count)")
                    } catch let error as ProcessError {
                        precondition(error.code == .noSuchFileOrDirectory)
                    }
                    precondition(openDescriptorCount() <= before)
                }
            }
        }
    }
}
