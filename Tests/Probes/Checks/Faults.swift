import Foundation
import UVLoop
import UVLoopFoundation

/// What can go wrong with replacing the default loop: by the program's first argument, each says in
/// its last line what happened.
public enum Faults {
    /// In a synchronous `main`. False if there is no such fault.
    public static func run(_ name: String) throws -> Bool {
        alarm(50)
        switch name {
        case "throwing":
            say(outcome { try EventLoop.runMain { throw CheckError(description: "x") } })
        case "exit": try EventLoop.runMain { exit(3) }
        case "interrupt": say(outcome { try EventLoop.runMain(.single, waitForInterrupt) })
        case "interruptTwice": say(outcome { try EventLoop.runMain(.single, ignoreInterrupt) })
        case "leftTasks": try leaveTasks()
        case "stopped": say(outcome { try EventLoop.runMain { await stopAndWait() } })
        case "nested": say(outcome { try EventLoop.runMain { try EventLoop.runMain {} } })
        case "loopInside": say(outcome { try EventLoop.runMain { try EventLoop.run { _ in } } })
        case "twice": try installTwice()
        case "runLoopTwice":
            let loops = try (0..<2).map { _ in try EventLoop.installWithRunLoop() }
            say(
                try loops[0] === EventLoop.install() && loops[0] === loops[1] ? "the same loop" : ""
            )
        case "runLoopLate":
            say(outcome { try EventLoop.runMain { try EventLoop.installWithRunLoop() } })
        case "closed": say(outcome { try EventLoop.install().close() })
        case "thread": say(onThread { outcome { try EventLoop.install() } })
        case "afterTasks": try installAfterTasks()
        case "blocked": try block()
        case "withoutStandardDescriptors": try runWithoutStandardDescriptors()
        case _ where name.hasPrefix("fork"): say(try ForkFaults.run(name))
        default: return false
        }
        return true
    }

    /// In an async `main`.
    public static func runLate() async {
        alarm(50)
        try? await Task.sleep(for: .milliseconds(1))
        say(outcome { try EventLoop.install() })
    }

    private static func outcome<R>(_ body: () throws -> R) -> String {
        do {
            _ = try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @MainActor
    private static func waitForInterrupt() async throws {
        say("ready")
        try await Task.sleep(for: .seconds(1_000))
    }

    @MainActor
    private static func ignoreInterrupt() async throws {
        say("ready")
        try? await Task.sleep(for: .seconds(1_000))
        say("once")
        // A task that is cancelled sleeps no more.
        await Task.detached { try? await Task.sleep(for: .seconds(1_000)) }.value
    }

    private static func leaveTasks() throws {
        let (mayEnd, text) = (Mutexed(false), Mutexed(""))
        try EventLoop.runMain {
            Task {
                while !mayEnd.value { await Task.yield() }
                text.value = "ran later"
            }
        }
        mayEnd.value = true
        try require(text.value.isEmpty)
        try EventLoop.runMain { while text.value.isEmpty { await Task.yield() } }
        say(text.value)
    }

    @MainActor
    private static func stopAndWait() async {
        EventLoop.main!.stop()
        try? await Task.sleep(for: .seconds(1_000))
    }

    private static func installTwice() throws {
        let first = try EventLoop.install()
        let second = try EventLoop.install()
        try require(first === second)
        try require(EventLoop.main === first)
        say(outcome { try EventLoop.install(.mainOnly) })
    }

    /// Waits on the one thread for a task that can only run there. What is reported goes to the
    /// standard output.
    private static func block() throws {
        dup2(STDOUT_FILENO, STDERR_FILENO)
        try EventLoop.runMain {
            EventLoop.main!.isDebug = true
            EventLoop.main!.blockedLoopThreshold = .milliseconds(20)
            // Debug mode looks at what begins from now on.
            await Task.yield()
            waitForTask()
        }
    }

    private static func waitForTask() {
        let isDone = DispatchSemaphore(value: 0)
        Task { isDone.signal() }
        isDone.wait()
    }

    private static func installAfterTasks() throws {
        // One that is under way on Dispatch's threads, and goes on.
        let isThere = DispatchSemaphore(value: 0)
        let mayEnd = Mutexed(false)
        let early = Task.detached {
            isThere.signal()
            while !mayEnd.value { await Task.yield() }
            return "early"
        }
        isThere.wait()
        try EventLoop.runMain {
            mayEnd.value = true
            let earlyResult = await early.value
            try require(isOnMainThread())
            let late = await Task.detached { isOnMainThread() }.value
            say("\(earlyResult), \(late)")
        }
    }

    /// As a daemon that has closed them. Here, where no other thread opens anything meanwhile.
    private static func runWithoutStandardDescriptors() throws {
        let output = dup(STDOUT_FILENO)
        for number: Int32 in 0...2 { close(number) }
        let text = outcome {
            try EventLoop.run { loop in
                for number: Int32 in 0...2 { try require(fcntl(number, F_GETFD) >= 0) }
                let socket = try await loop.datagramSocket(boundTo: .ip("127.0.0.1", port: 0))
                try await socket.close()
                let (one, other) = try await loop.streamPair()
                one.abort()
                try require(try await other.receive() == nil)
            }
        }
        dup2(output, STDOUT_FILENO)
        say(text)
    }

    private static func onThread(_ body: @escaping @Sendable () -> String) -> String {
        let result = Mutexed("")
        let isDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            result.value = body()
            isDone.signal()
        }
        isDone.wait()
        return result.value
    }
}
