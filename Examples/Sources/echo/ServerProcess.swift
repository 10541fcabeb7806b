#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `echo server` on a free port, as a child process of this program. (UVLoop has no process API
/// yet, so this is plain POSIX, and it blocks.)
final class ServerProcess {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let id: pid_t
    private(set) var port = 0
    /// The reading end of the server's standard output.
    private let output: Int32
    private var hasEnded = false

    /// Starts the server and returns once it listens.
    init(arguments: [String]) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(description: "pipe: errno \(errno)") }
        output = ends[0]
        // Or the server would hold its own output open, also when this process is gone.
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        let words = [CommandLine.arguments[0], "server", "--port", "0"] + arguments
        do {
            id = try Self.spawn(words, output: ends[1])
        } catch {
            close(ends[1])
            close(output)
            throw error
        }
        close(ends[1])
        let prefix = "listening on 127.0.0.1:"
        guard let line = readLine(), line.hasPrefix(prefix),
            let port = Int(line.dropFirst(prefix.count))
        else { throw Failure(description: "the server did not begin to listen") }
        self.port = port
    }

    deinit {
        if !hasEnded {
            kill(id, SIGKILL)
            waitpid(id, nil, 0)
        }
        close(output)
    }

    private static func spawn(_ words: [String], output: Int32) throws -> pid_t {
        #if canImport(Glibc)
        let program = "/proc/self/exe"
        var actions = posix_spawn_file_actions_t()
        #else
        let program = words[0]
        var actions: posix_spawn_file_actions_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        var argv = words.map { strdup($0) } + [nil]
        defer { for word in argv { free(word) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, program, &actions, nil, &argv, environ)
        guard result == 0 else {
            throw Failure(description: "cannot start \(program): errno \(result)")
        }
        return process
    }

    /// Asks the server to end by SIGTERM. Returns what it has printed since it began to listen;
    /// throws unless it ended with status 0.
    func end() throws -> [String] {
        kill(id, SIGTERM)
        var lines: [String] = []
        while let line = readLine() { lines.append(line) }
        var status: Int32 = 0
        guard waitpid(id, &status, 0) == id else { throw Failure(description: "waitpid: \(errno)") }
        hasEnded = true
        guard status == 0 else {
            throw Failure(description: "the server ended badly, wait status \(status)")
        }
        return lines
    }

    /// The next line of output; nil at its end, or when nothing has come for ten seconds.
    private func readLine() -> String? {
        var line: [UInt8] = []
        while true {
            var polled = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let ready = poll(&polled, 1, 10_000)
            if ready < 0, errno == EINTR { continue }
            var byte: UInt8 = 0
            guard ready > 0, read(output, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }
}
