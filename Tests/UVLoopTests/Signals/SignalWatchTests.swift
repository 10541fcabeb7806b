import CUV
import Glibc
import Testing

@testable import UVLoop

/// Watches of signals. Signals are the whole process's, so each test has its own.
@Suite struct SignalWatchTests {
    @Test(arguments: [0, -1, SIGKILL, SIGSTOP, 1_000])
    func whatCannotBeWatched(_ number: Int32) async throws {
        try await withLoop { loop in
            let watch = try SignalWatch(loop, Signal(rawValue: number)) {}
            #expect(throws: UVError.invalidArgument) { try watch.start() }
            #expect(!watch.isActive)
            #expect(throws: UVError.invalidArgument) {
                try loop.onSignal(Signal(rawValue: number)) {}
            }
        }
    }

    @Test func closedLoopAndClosedWatch() async throws {
        try await onThread {
            let loop = try EventLoop()
            let watch = try SignalWatch(loop, .user1) {}
            watch.close()
            #expect(throws: UVError.canceled) { try watch.start() }
            watch.stop()
            try loop.close()
            #expect(throws: UVError.canceled) { try SignalWatch(loop, .user1) {} }
        }
    }

    @Test func everyWatchIsCalledAndTheDefaultComesBack() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var calls: [Int] = []
            let watches = try (0..<3).map { number in
                try loop.onSignal(.user1) { calls.append(number) }
            }
            precondition(!cuv_has_default_action(SIGUSR1))
            for round in 1...3 {
                calls = []
                try Signal.user1.send(to: getpid())
                while calls.count < 4 - round { try loop.run(.oneTurn) }
                precondition(calls.sorted() == Array(round - 1..<3))
                watches[round - 1].stop()
            }
            precondition(cuv_has_default_action(SIGUSR1))
            // Again, and by closing.
            try watches[0].start()
            try watches[0].start()
            precondition(!cuv_has_default_action(SIGUSR1))
            watches[0].close()
            try loop.run(.nonBlocking)
            precondition(cuv_has_default_action(SIGUSR1))
            try loop.close()
        }
    }

    @Test func afterTheLoopsEndTheDefaultEndsTheProcess() async {
        await #expect(processExitsWith: .signal(SIGUSR2)) {
            let loop = try EventLoop()
            try loop.onSignal(.user2) {}
            try loop.close()
            try Signal.user2.send(to: getpid())
            sleep(500)
        }
    }

    @Test func onceIsOnceAndMayBeginAgain() async {
        await #expect(processExitsWith: .signal(SIGUSR1)) {
            let loop = try EventLoop()
            var count = 0
            var watch: SignalWatch!
            watch = try loop.onSignal(.user1, once: true) {
                count += 1
                precondition(!watch.isActive)
                if count == 1 { try watch.start() }
            }
            for wanted in 1...2 {
                try Signal.user1.send(to: getpid())
                while count < wanted { try loop.run(.oneTurn) }
            }
            try Signal.user1.send(to: getpid())
            sleep(500)
        }
    }

    @Test func loopsOnSeveralThreadsHearOfIt() async {
        await #expect(processExitsWith: .success) {
            let threads = try (0..<3).map { _ in try EventLoopThread() }
            let heard = Counter()
            for thread in threads {
                try await thread.loop.perform { loop in
                    _ = try loop.onSignal(.hangUp) { heard.increment() }
                }
            }
            try Signal.hangUp.send(to: getpid())
            while heard.value < 3 { usleep(1_000) }
            for thread in threads { await thread.shutdown() }
            precondition(cuv_has_default_action(SIGHUP))
        }
    }

    @Test func theClosureMayCloseAndThrow() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let reports = Reports(loop)
            var watches: [SignalWatch] = []
            for number in 0..<3 {
                watches.append(
                    try loop.onSignal(.user1) {
                        // All of them, in the midst of libuv's walk.
                        for watch in watches { watch.close() }
                        throw Planned(number: number)
                    })
            }
            try Signal.user1.send(to: getpid())
            try loop.run()
            precondition(reports.contexts.count == 1)
            precondition(reports.sources == [.signal(.user1)])
            try loop.close()
        }
    }

    @Test func keepsTheLoopUnlessTold() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let watch = try loop.onSignal(.user1) {}
            let isAlive = try loop.run(.nonBlocking)
            watch.keepsLoopAlive = false
            let isAliveStill = try loop.run(.untilDone)
            precondition(isAlive && !isAliveStill)
            try loop.close()
        }
    }

    @Test func thousandsOfWatchesLeaveNothing() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            func round() throws {
                for number in 0..<1_000 {
                    let watch = try SignalWatch(loop, .user1) {}
                    try watch.start()
                    if number % 2 == 0 { watch.stop() } else { watch.close() }
                }
                try loop.run(.nonBlocking)
            }
            for _ in 0..<10 { try round() }
            let before = (openDescriptorCount(), residentByteCount())
            for _ in 0..<50 { try round() }
            precondition(openDescriptorCount() <= before.0)
            let growth = residentByteCount() - before.1
            precondition(growth < 2_000_000, "\(growth) bytes")
            var handles = 0
            loop.core.forEachUserHandle { _ in handles += 1 }
            precondition(handles == 0, "\(handles)")
            try loop.close()
        }
    }
}
