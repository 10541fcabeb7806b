import Glibc

/// A spawned program whose standard output is read here.
struct ChildProcess {
    enum Ending: Equatable {
        case exited(Int32)
        case signalled(Int32)

        var description: String {
            switch self {
            case .exited(let status): "ended with status \(status)"
            case .signalled(let number): "was ended by signal \(number)"
            }
        }
    }

    let id: pid_t
    private let output: Int32

    init(path: String, arguments: [String]) throws(Failure) {
        var pipeEnds: [Int32] = [-1, -1]
        guard pipe(&pipeEnds) == 0 else {
            throw Failure(message: "pipe: \(String(cString: strerror(errno)))")
        }
        // The server must not hold the reading end, nor the generator an end of the server's.
        _ = fcntl(pipeEnds[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(pipeEnds[1], F_SETFD, FD_CLOEXEC)
        defer { close(pipeEnds[1]) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipeEnds[1], STDOUT_FILENO)

        var words = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, path, &actions, nil, words, environ)
        guard result == 0 else {
            close(pipeEnds[0])
            throw Failure(message: "cannot start \(path): \(String(cString: strerror(result)))")
        }
        id = process
        output = pipeEnds[0]
        LiveChildren.add(process)
    }

    /// The next line of output, without its end; nil at the end of the output or of the time.
    func readLine(within seconds: Double) -> String? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var line: [UInt8] = []
        while true {
            let left = (deadline - ContinuousClock.now) / .milliseconds(1)
            var polled = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let ready = poll(&polled, 1, Int32(max(0, left)))
            if ready < 0 && errno == EINTR { continue }
            var byte: UInt8 = 0
            // Byte by byte, as nothing after the line may be taken; lines are few and short.
            guard ready > 0, read(output, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }

    func signal(_ number: Int32) {
        kill(id, number)
    }

    /// How the process ended, or nil while it runs when the time is over. Asked only until the
    /// answer is not nil.
    func ending(within seconds: Double) -> Ending? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var status: Int32 = 0
        while waitpid(id, &status, WNOHANG) != id {
            guard ContinuousClock.now < deadline else { return nil }
            usleep(2_000)
        }
        LiveChildren.remove(id)
        close(output)
        let signalNumber = status & 0x7f
        return signalNumber == 0 ? .exited((status >> 8) & 0xff) : .signalled(signalNumber)
    }
}
