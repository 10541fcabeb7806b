import CUV
import Glibc
import Synchronization

@testable import UVLoop

/// A program that nobody here wrote, as a child process: a peer for streams to talk to.
///
/// Its input is known before it starts, and ends. Its output comes through a pipe. What blocks does
/// so on threads of its own, and reads give up after a time that no load can need; then, and when
/// nobody refers to the program any more, it is killed.
final class ForeignProgram: Sendable {
    /// What to install, for the programs that tests need.
    struct Missing: Error, CustomStringConvertible {
        let name: String
        var description: String {
            "\(name) is not installed: run `./dev setup`, or install the package of that name"
        }
    }

    /// It did not end as it should.
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    private let name: String
    private let process: pid_t
    /// The reading end of its output.
    private let output: Int32
    /// A file without a name, which gets its errors.
    private let errors: Int32
    private let end = End()

    /// How it has ended.
    private final class End: Sendable {
        /// The wait status, once there is one, and the process's id may be another's.
        let status = Mutex<Int32?>(nil)
        let gate = AsyncGate()
    }

    /// Starts a program of the search path.
    init(_ words: [String], input: [UInt8] = []) throws {
        name = words[0]
        // Both ends are closed on exec, here and in the children of other tests.
        var pipe: (uv_file, uv_file) = (-1, -1)
        try UVError.check(
            withUnsafeMutablePointer(to: &pipe) {
                $0.withMemoryRebound(to: uv_file.self, capacity: 2) { uv_pipe($0, 0, 0) }
            })
        output = pipe.0
        errors = Self.file(containing: [])
        let file = Self.file(containing: input)
        defer {
            close(pipe.1)
            close(file)
        }
        do {
            process = try Self.spawn(words, file, pipe.1, errors)
        } catch {
            close(output)
            close(errors)
            throw error
        }
        // At once, or whoever waits for any child would find this one again and again.
        startThread { [process, end] in
            var status: Int32 = 0
            // Not reaped before the lock is held, so that nobody kills what has the id then.
            var info = siginfo_t()
            while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            end.status.withLock {
                waitpid(process, &status, 0)
                $0 = status
            }
            end.gate.open()
        }
    }

    deinit {
        kill()
        close(output)
        close(errors)
    }

    /// A script for Python 3. It cannot go on for longer than any test.
    convenience init(python script: String, _ arguments: [String] = []) throws {
        let bound = "import signal; signal.alarm(55)\n"
        try self.init(["python3", "-c", bound + script] + arguments)
    }

    private static func file(containing bytes: [UInt8]) -> Int32 {
        let opened = tmpfile()!
        let file = fcntl(fileno(opened), F_DUPFD_CLOEXEC, 0)
        fclose(opened)
        precondition(file >= 0)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            precondition(count > 0)
            rest = rest.dropFirst(count)
        }
        lseek(file, 0, SEEK_SET)
        return file
    }

    private static func spawn(
        _ words: [String], _ input: Int32, _ output: Int32, _ errors: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [input, output, errors].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        // As a shell would start it: no signal blocked, and those as usual that loops, or a shell
        // that runs something in the background, ignore.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        sigaddset(&signals, SIGINT)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let result = posix_spawnp(
            &process, words[0], &actions, &attributes, &arguments, environ)
        if result == ENOENT { throw Missing(name: words[0]) }
        guard result == 0 else { throw Failed(description: "start \(words[0]): errno \(result)") }
        return process
    }

    // MARK: Its output

    /// The next line of output, without its end; waits for it.
    func line() async throws -> String {
        try await offThread { [self] in
            var line: [UInt8] = []
            while let byte = try read(upTo: 1).first {
                if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
                line.append(byte)
            }
            throw Failed(description: "\(name) has printed no line: \(errorText)")
        }
    }

    /// What is printed until its end, which has to be a good one.
    func outputToEnd() async throws -> [UInt8] {
        let bytes = try await offThread { [self] in
            var bytes: [UInt8] = []
            while true {
                let piece = try read(upTo: 65_536)
                if piece.isEmpty { return bytes }
                bytes += piece
            }
        }
        await end.gate.wait()
        let status = end.status.withLock(\.self)!
        guard status == 0 else {
            let text = errorText + String(decoding: bytes.suffix(4_096), as: UTF8.self)
            throw Failed(description: "\(name) ended with wait status \(status): \(text)")
        }
        return bytes
    }

    /// The same as text, without the line feed at the end.
    func textToEnd() async throws -> String {
        let text = String(decoding: try await outputToEnd(), as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private func read(upTo count: Int) throws -> [UInt8] {
        var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        var result = poll(&waiting, 1, 50_000)
        while result < 0, errno == EINTR { result = poll(&waiting, 1, 50_000) }
        guard result == 1 else {
            kill()
            throw Failed(description: "\(name) has gone silent: \(errorText)")
        }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(Glibc.read(output, buffer.baseAddress, count), 0)
        }
    }

    private var errorText: String {
        var text = [UInt8](repeating: 0, count: 65_536)
        return String(
            decoding: text.prefix(max(pread(errors, &text, text.count, 0), 0)), as: UTF8.self)
    }

    // MARK: Its end

    func kill(by signal: Int32 = SIGKILL) {
        end.status.withLock { if $0 == nil { _ = Glibc.kill(process, signal) } }
    }

    /// Waits until it has ended, and returns its status as `waitpid` gives it.
    func status() async -> Int32 {
        await end.gate.wait()
        return end.status.withLock(\.self)!
    }

    /// Runs a program to its end and returns what it has printed.
    static func output(
        of words: String..., input: [UInt8] = []
    ) async throws -> [UInt8] {
        try await ForeignProgram(words, input: input).outputToEnd()
    }

    /// The SHA-256 of bytes, by somebody else's implementation.
    static func digest(of bytes: [UInt8]) async throws -> String {
        let line = try await output(of: "sha256sum", input: bytes)
        return String(decoding: line.prefix(64), as: UTF8.self)
    }
}
