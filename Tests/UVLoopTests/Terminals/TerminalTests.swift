import CUV
import Glibc
import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(2))) struct TerminalTests {
    @Test func linesAndKeys() async throws {
        try await onLoop { loop in
            let pseudo = try PseudoTerminal()
            defer { pseudo.end() }
            #expect(DescriptorKind(pseudo.slave) == .terminal)
            let input = try await loop.openTerminal(pseudo.slave, .input)
            let output = try await loop.openTerminal(pseudo.slave, .output)
            try pseudo.type("line\n")
            #expect(try await input.stream.receiveLine() == "line")
            #expect(try pseudo.shown(6) == "line\r\n")
            try await input.setMode(.raw)
            #expect(!pseudo.isByLine && !pseudo.echoes)
            // No line feed, and Ctrl-C is a key as others are.
            try pseudo.type("k\u{3}")
            #expect(try await input.stream.receive(exactly: 2) == Array("k\u{3}".utf8))
            try await output.stream.send("shown\n")
            #expect(try pseudo.shown(7) == "shown\r\n")
            try await input.setMode(.normal)
            #expect(pseudo.isByLine && pseudo.echoes)
            try await input.close()
            try await output.close()
            // The descriptor is still the test's.
            #expect(fcntl(pseudo.slave, F_GETFD) >= 0)
        }
    }

    @Test(arguments: Caller.allCases)
    func fromAnyTask(_ caller: Caller) async throws {
        try await onLoop { loop in
            let pseudo = try PseudoTerminal(columns: 100, rows: 50)
            defer { pseudo.end() }
            try await caller.run(loop) {
                let input = try await loop.openTerminal(pseudo.slave, .input)
                try await input.setMode(.io)
                #expect(try await input.size() == TerminalSize(columns: 100, rows: 50))
                try pseudo.type("x")
                #expect(try await input.stream.receive(upTo: 1) == [UInt8(ascii: "x")])
                input.stream.abort()
            }
            try await until(loop) { pseudo.isByLine }
        }
    }

    @Test func directions() async throws {
        try await onLoop { loop in
            let pseudo = try PseudoTerminal()
            defer { pseudo.end() }
            let input = try await loop.openTerminal(pseudo.slave, .input)
            let error = await failure { try await input.stream.send("x") }
            #expect(error as? StreamError == .broken(.notSupported))
            let output = try await loop.openTerminal(pseudo.slave, .output)
            #expect(try await output.stream.receive() == nil)
        }
    }

    @Test func callbacks() async throws {
        try await onLoop { loop in
            let pseudo = try PseudoTerminal(columns: 7, rows: 8)
            defer { pseudo.end() }
            let recorder = PlainRecorder()
            let transport = try loop.openTerminal(pseudo.slave, .input, recorder)
            try transport.setTerminalMode(.raw)
            #expect(try transport.terminalSize == TerminalSize(columns: 7, rows: 8))
            try pseudo.type("q")
            try await until(loop) { recorder.bytes == [UInt8(ascii: "q")] }
            transport.close()
            #expect(pseudo.isByLine)
            #expect(throws: UVError.badFileDescriptor) { try transport.setTerminalMode(.raw) }
            try await until(loop) { recorder.isLost }
        }
    }

    @Test func whatIsNoTerminal() async throws {
        try await onLoop { loop in
            let pair = try RawPair()
            defer { pair.end() }
            let socket = await failure { try await loop.openTerminal(pair.descriptor, .input) }
            #expect(socket as? UVError == .inappropriateFileType)
            let bad = await failure { try await loop.openTerminal(-1, .input) }
            #expect(bad as? UVError == .badFileDescriptor)
            let pseudo = try PseudoTerminal()
            defer { pseudo.end() }
            let readOnly = try openForReading(pseudo.name)
            let output = await failure { try await loop.openTerminal(readOnly, .output) }
            #expect(output as? UVError == .badFileDescriptor)
            close(readOnly)
            let (stream, peer) = try await loop.streamPair()
            let mode = await failure {
                try await stream.withTransport { try $0.setTerminalMode(.raw) }
            }
            #expect(mode as? UVError == .notSupported)
            stream.abort()
            peer.abort()
        }
    }

    @Test func itHangsUp() async throws {
        try await onLoop { loop in
            let pseudo = try PseudoTerminal()
            let input = try await loop.openTerminal(pseudo.slave, .input)
            close(pseudo.slave)
            let waiting = loop.spawn { _ in try await input.stream.receive() }
            try await input.stream.receiverWaits(loop)
            close(pseudo.master)
            // The system says that it is an error of the device, or an end.
            let result = await waiting.result
            switch result {
            case .success(let bytes): #expect(bytes == nil)
            case .failure(let error): #expect(error as? StreamError == .broken(.ioError))
            }
        }
    }

    @Test func sizes() async throws {
        try await onLoop { loop in
            let pseudo = try PseudoTerminal(columns: 10, rows: 5)
            defer { pseudo.end() }
            let output = try await loop.openTerminal(pseudo.slave, .output)
            var calls = 0
            let watch = try TerminalSizeWatch(loop) { result in
                try result.get()
                calls += 1
            }
            let task = loop.spawn { _ in
                var found: [TerminalSize] = []
                for try await size in output.sizes {
                    found.append(size)
                    if found.count == 3 { break }
                    // The terminal is not this process's own: it sends no signal.
                    pseudo.setSize(columns: UInt16(10 + found.count), rows: 5)
                    kill(getpid(), SIGWINCH)
                }
                return found
            }
            #expect(try await task.value.map(\.columns) == [10, 11, 12])
            kill(getpid(), SIGWINCH)
            try await until(loop) { calls > 0 }
            watch.close()
            let waiting = loop.spawn { _ in
                var count = 0
                for try await _ in output.sizes { count += 1 }
                return count
            }
            try await until(loop) {
                var isThere = false
                loop.core.forEachHandleObject {
                    if $0 is TerminalSizeWatch, $0 !== watch { isThere = true }
                }
                return isThere
            }
            waiting.cancel()
            #expect(try await waiting.value == 1)
        }
    }

    @Test func theEndOfTheLoop() async throws {
        let pseudo = try PseudoTerminal()
        defer { pseudo.end() }
        try await withLoop { loop in
            var ends = 0
            _ = try TerminalSizeWatch(loop) { result in
                if case .failure(.canceled) = result { ends += 1 }
            }
            let transport = try loop.openTerminal(pseudo.slave, .input, PlainRecorder())
            try transport.setTerminalMode(.raw)
            #expect(!pseudo.isByLine)
            try loop.close()
            #expect(ends == 1 && pseudo.isByLine)
        }
    }

    /// In a process of its own: descriptors are counted, and the process ends.
    @Test func nothingIsLeft() async {
        await #expect(processExitsWith: .success) {
            try await onLoop { loop in
                let pseudo = try PseudoTerminal()
                func once(_ loop: isolated EventLoop) async throws {
                    let input = try await loop.openTerminal(pseudo.slave, .input)
                    try await input.setMode(.raw)
                }
                try await once(loop)
                try await until(loop) { loop.userHandleCount == 0 }
                let before = openDescriptorCount()
                for _ in 0..<50 { try await once(loop) }
                try await until(loop) { loop.userHandleCount == 0 }
                precondition(openDescriptorCount() <= before)
                precondition(pseudo.isByLine)
            }
        }
    }

    @Test func exitRestores() async throws {
        // The child finds the terminal by its name; the test looks what the child left.
        let pseudo = try PseudoTerminal()
        defer { pseudo.end() }
        let name: String = pseudo.name
        await #expect(processExitsWith: .exitCode(7)) { [name = name as String] in
            _ = try await onLoop { loop in
                let descriptor = open(name, O_RDWR | O_NOCTTY)
                let input = try await loop.openTerminal(descriptor, .input)
                try await input.setMode(.raw)
                exit(7)
            }
        }
        #expect(pseudo.isByLine && pseudo.echoes)
    }
}
