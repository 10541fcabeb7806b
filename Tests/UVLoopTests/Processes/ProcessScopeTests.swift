import Glibc
import Testing

@testable import UVLoop

/// `withProcess` ends the child on every exit, and the end of the loop leaves no zombies.
@Suite struct ProcessScopeTests {
    private static let stubborn = "trap '' TERM; echo ready; while :; do sleep 0.01; done"

    @Test func returning() async throws {
        try await onLoop { loop in
            let child = try await loop.withProcess(.sleeping) { $0 }
            #expect(!isThere(child.processID))
            #expect(try await child.waitForExit() == .signaled(.terminate))
            // One that has ended is left as it is.
            let status = try await loop.withProcess(.shell("exit 3")) {
                try await $0.waitForExit()
            }
            #expect(status == .exited(3))
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func throwing() async throws {
        try await onLoop { loop in
            var child: ChildProcess?
            await #expect(throws: Planned(number: 1)) {
                try await loop.withProcess(.pipedShell(Self.stubborn), grace: .milliseconds(20)) {
                    child = $0
                    _ = try await $0.standardOutput!.receiveLine()
                    throw Planned(number: 1)
                }
            }
            let status = try await child?.waitForExit()
            #expect(status == .signaled(.kill))
        }
    }

    @Test(arguments: [false, true])
    func cancelling(isElsewhere: Bool) async throws {
        try await onLoop { loop in
            let started = Mutexed<ChildProcess>()
            let task = Task.detached(
                executorPreference: isElsewhere ? nil : loop.loopTaskExecutor
            ) {
                try await loop.withProcess(.pipedShell(Self.stubborn), grace: .milliseconds(20)) {
                    _ = try await $0.standardOutput!.receiveLine()
                    started.value = $0
                    return try await $0.waitForExit()
                }
            }
            try await until(loop) { started.value != nil }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            // It had ended when the scope was left.
            #expect(!isThere(started.value!.processID))
        }
    }

    @Test func zeroGraceKillsAtOnce() async throws {
        try await onLoop { loop in
            let child = try await loop.withProcess(
                .sleeping, grace: .zero
            ) { $0 }
            #expect(try await child.waitForExit() == .signaled(.kill))
        }
    }

    /// In a process of its own, whose children are counted.
    @Test func theEndOfTheLoop() async {
        await #expect(processExitsWith: .success) {
            let owned = Mutexed<Int32>()
            let free = try EventLoop.run { loop in
                let child = try await loop.spawnProcess(.shell("trap '' TERM; exec sleep 1000"))
                let waiting = Task.detached { try await child.waitForExit() }
                loop.spawn { loop in
                    try await loop.withProcess(.sleeping) { child in
                        owned.value = child.processID
                        _ = try await child.waitForExit()
                    }
                }
                while owned.value == nil { await turns(loop, for: .milliseconds(1)) }
                waiting.cancel()
                _ = await waiting.result
                return child.processID
            }
            while isThere(owned.value!) { usleep(1_000) }
            // That one goes on, and is forgotten at its end.
            precondition(children().running.contains(free))
            kill(free, SIGKILL)
            while isThere(free) { usleep(1_000) }
            precondition(children().zombies.isEmpty)
        }
    }

    @Test func waitingWhenTheLoopCloses() async throws {
        let thread = try EventLoopThread()
        let child = try await thread.loop.spawnProcess(.sleeping)
        let waiting = Task.detached { try await child.waitForExit() }
        let terminating = Task.detached { try await child.waitForExit(afterOutput: false) }
        await thread.shutdown()
        await #expect(throws: EventLoopError.closed) { try await waiting.value }
        await #expect(throws: EventLoopError.closed) { try await terminating.value }
        await #expect(throws: EventLoopError.closed) { try await child.waitForExit() }
        await #expect(throws: UVError.noSuchProcess) { try await child.kill(.kill) }
        try Signal.kill.send(to: child.processID)
        while isThere(child.processID) { try await Task.sleep(for: .milliseconds(1)) }
        await #expect(throws: EventLoopError.closed) {
            _ = try await thread.loop.spawnProcess(ProcessOptions("true"))
        }
    }

    /// A scope of a task that does not end with the loop.
    @Test func aScopeOfAnotherThreadWhenTheLoopCloses() async throws {
        let thread = try EventLoopThread()
        let started = AsyncGate()
        let number = Mutexed<Int32>()
        let scope = Task.detached {
            try await thread.loop.withProcess(.sleeping) { child in
                number.value = child.processID
                started.open()
                return try await child.waitForExit()
            }
        }
        await started.wait()
        await thread.shutdown()
        await #expect(throws: EventLoopError.closed) { try await scope.value }
        while isThere(number.value!) { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test func childrenLeaveNothing() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                func round(_ number: Int) async throws {
                    switch number % 5 {
                    case 0: _ = try await loop.run("echo", "x")
                    case 1: _ = try? await loop.run("no-such-program")
                    case 2:
                        _ = try await loop.withProcess(.pipedShell("cat")) { child in
                            try await child.standardInput!.send("x")
                            return try await child.standardOutput!.receive()
                        }
                    case 3: _ = try? await loop.run("sleep", "9", timeout: .milliseconds(1))
                    default:
                        var options = ProcessOptions("true")
                        options.extraDescriptors = [.pipe, .socket, .reversePipe, .ignored]
                        _ = try await loop.spawnProcess(options).waitForExit()
                    }
                }
                // By hand with more, as 10,000: with their number in the environment.
                let count = getenv("UVLOOP_TEST_CHILDREN").flatMap { Int(String(cString: $0)) }
                for number in 0..<100 { try await round(number) }
                while loop.core.hasUserHandles { await turns(loop, for: .milliseconds(1)) }
                let before = (openDescriptorCount(), residentByteCount())
                let start = ContinuousClock.now
                for number in 0..<(count ?? 300) { try await round(number) }
                let time = ContinuousClock.now - start
                while loop.core.hasUserHandles { await turns(loop, for: .milliseconds(1)) }
                precondition(openDescriptorCount() <= before.0)
                let growth = residentByteCount() - before.1
                precondition(growth < 2_000_000, "\(growth) bytes")
                if let count { print("\(count) children, \(growth) bytes more, \(time)") }
                precondition(loop.core.timersKeepingAlive == 0)
                let left = children()
                precondition(left.zombies.isEmpty && left.running.isEmpty)
            }
        }
    }
}
