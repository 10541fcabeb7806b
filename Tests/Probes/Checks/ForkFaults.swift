import Foundation
import UVLoop

/// What a child of `fork` can do with loops of its parent. Each runs in the child and ends it: with
/// status 0 if it went as it should.
enum ForkFaults {
    static func run(_ name: String) throws -> String {
        if CommandLine.arguments.contains("toOutput") { dup2(STDOUT_FILENO, STDERR_FILENO) }
        return switch name {
        case "forkReinitialized": try reinitialized()
        case "forkForgotten": try forgotten()
        case "forkClosed": try closed()
        case "forkInTask": try inTask()
        case "forkWithAChild": try withAChild()
        case "forkInRun": try inRun()
        default: ""
        }
    }

    /// In both processes a timer fires, other threads wake the loop, and files are read.
    private static func reinitialized() throws -> String {
        let loop = try EventLoop()
        loop.isDebug = true
        let ticks = Ticks()
        let timer = Timer(loop) { ticks.count += 1 }
        timer.start(after: .milliseconds(5), repeating: .milliseconds(1))
        // So that the descriptors of the loop are in use when they are copied.
        while ticks.count == 0 { try loop.run(.oneTurn) }
        let child = fork {
            try loop.reinitializeAfterFork()
            try use(loop, ticks)
            try loop.close()
        }
        try use(loop, ticks)
        let status = child.status()
        // The child's end took nothing away.
        try use(loop, ticks)
        try loop.close()
        return "child \(status)"
    }

    private static func use(_ loop: EventLoop, _ ticks: Ticks) throws {
        let first = ticks.count
        while ticks.count < first + 5 { try loop.run(.oneTurn) }
        for _ in 0..<20 {
            let isPosted = Mutexed(false)
            Thread.detachNewThread { try? loop.execute { _ in isPosted.value = true } }
            while !isPosted.value { try loop.run(.oneTurn) }
        }
        var bytes: [UInt8] = []
        try loop.files.start(.read("/proc/self/stat")) { bytes = try $0.get() }
        while bytes.isEmpty { try loop.run(.oneTurn) }
    }

    private final class Ticks {
        var count = 0
    }

    private static func forgotten() throws -> String {
        let loop = try EventLoop()
        loop.callLater(.milliseconds(1)) {}
        let child = fork { try loop.run() }
        try loop.run()
        try loop.close()
        return "child \(child.status())"
    }

    /// Closing the copy leaves the parent's loop as it is.
    private static func closed() throws -> String {
        let loop = try EventLoop()
        let ticks = Ticks()
        let timer = Timer(loop) { ticks.count += 1 }
        timer.start(after: .milliseconds(1), repeating: .milliseconds(1))
        while ticks.count == 0 { try loop.run(.oneTurn) }
        let status = fork { try loop.close() }.status()
        try use(loop, ticks)
        try loop.close()
        return "child \(status)"
    }

    /// On Swift's default loop, whose next turn in the child is the last thing that happens there.
    private static func inTask() throws -> String {
        try EventLoop.runMain {
            let child = forked()
            if child == 0 {
                await Task.yield()
                try await Task.sleep(for: .milliseconds(1))
                exit(0)
            }
            try await Task.sleep(for: .milliseconds(1))
            return "child \(Child(id: child).status())"
        }
    }

    /// Refused, and the child still ends in order.
    private static func inRun() throws -> String {
        try EventLoop.run { loop in
            let status = fork {
                do {
                    try loop.reinitializeAfterFork()
                } catch EventLoopError.running {
                    return
                }
                throw CheckError(description: "no error")
            }.status()
            try await loop.sleep(for: .milliseconds(1))
            return "child \(status)"
        }
    }

    /// The end of a process is its parent's to hear of: no copy of the loop takes it away.
    private static func withAChild() throws -> String {
        let loop = try EventLoop()
        var ends: [ProcessExitStatus] = []
        let process = try loop.spawnProcess(ProcessOptions("sleep", "1000")) { ends.append($0) }
        let status = fork {
            try loop.reinitializeAfterFork()
            try process.kill(.terminate)
            // There is nothing to wait for once it has ended.
            try loop.run()
            guard ends.isEmpty else { throw CheckError(description: "\(ends)") }
            try loop.close()
        }.status()
        try loop.run()
        try loop.close()
        return "child \(status), \(ends)"
    }

    // MARK: Forking

    private struct Child {
        let id: pid_t

        /// Waits until it has ended.
        func status() -> String {
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0, errno == EINTR {}
            return status & 0x7f == 0 ? "exited with \(status >> 8)" : "stopped"
        }
    }

    /// Swift has no `fork`, because little of a program goes on in the child.
    private static func forked() -> pid_t {
        typealias Fork = @convention(c) () -> pid_t
        return unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)()
    }

    private static func fork(_ body: () throws -> Void) -> Child {
        let child = forked()
        guard child == 0 else { return Child(id: child) }
        // Its parent ends it otherwise.
        alarm(20)
        do { try body() } catch { _exit(1) }
        _exit(0)
    }
}
