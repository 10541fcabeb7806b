import Glibc
import Testing

@testable import UVLoop

/// Another loop drives this one: here a few lines around poll(2) and epoll(7).
@Suite struct EmbeddingTests {
    /// Turns the loop from outside, by its descriptor and its timeout alone, until `isDone`.
    private func drive(_ loop: EventLoop, until isDone: () -> Bool) throws {
        try loop.run(.nonBlocking)
        while !isDone() {
            waitForReadiness(of: loop.backendDescriptor, atMost: loop.nextTimeout)
            try loop.run(.nonBlocking)
        }
    }

    private func waitForReadiness(of descriptor: Int32, atMost timeout: Duration?) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let milliseconds = timeout.map { Int32(min($0 / .milliseconds(1), 100_000).rounded(.up)) }
        let count = poll(&entry, 1, milliseconds ?? 30_000)
        if timeout == nil { #expect(count == 1, "nothing has woken the driver") }
    }

    @Test func timersFire() async throws {
        try await withLoop { loop in
            var order: [Int] = []
            for number in [3, 1, 2] {
                loop.callLater(.milliseconds(number)) { order.append(number) }
            }
            try drive(loop) { order.count == 3 }
            #expect(order == [1, 2, 3])
        }
    }

    @Test func postsOfOtherThreadsWakeTheDriver() async throws {
        try await withLoop { loop in
            nonisolated(unsafe) var calls = 0
            try loop.run(.nonBlocking)
            #expect(loop.nextTimeout == nil)
            for round in 1...50 {
                let timeout = loop.nextTimeout
                startThread { try! loop.execute { _ in calls += 1 } }
                while calls < round {
                    // Would wait for ever if the post did not make the descriptor readable.
                    waitForReadiness(
                        of: loop.backendDescriptor, atMost: calls == round - 1 ? timeout : .zero)
                    try loop.run(.nonBlocking)
                    _ = loop.nextTimeout
                }
            }
        }
    }

    @Test func callsAndTasksRun() async throws {
        try await withLoop { loop in
            nonisolated(unsafe) var log: [String] = []
            loop.callSoon {
                log.append("call")
                loop.callSoon { log.append("second call") }
            }
            loop.spawn { _ in
                for _ in 0..<100 { await Task.yield() }
                await Task.detached {}.value
                log.append("task")
            }
            try drive(loop) { log.count == 3 }
            #expect(log.sorted() == ["call", "second call", "task"])
        }
    }

    @Test func theTimeoutTellsWhatIsToBeDone() async throws {
        try await withLoop { loop in
            try loop.run(.nonBlocking)
            #expect(loop.nextTimeout == nil)
            let timer = loop.callLater(.seconds(1_000)) {}
            let timeout = try #require(loop.nextTimeout)
            #expect(timeout > .seconds(900) && timeout <= .seconds(1_001))
            loop.callSoon {}
            #expect(loop.nextTimeout == .zero)
            try loop.run(.nonBlocking)
            #expect(loop.nextTimeout! > .seconds(900))
            try loop.execute { _ in }
            #expect(loop.nextTimeout == .zero)
            timer.stop()
            try loop.run(.nonBlocking)
            #expect(loop.nextTimeout == nil)
            let idle = try Idle(loop) {}
            idle.start()
            #expect(loop.nextTimeout == .zero)
            idle.close()
            #expect(loop.nextTimeout == .zero)
            try loop.run(.nonBlocking)
            #expect(loop.nextTimeout == nil)
            loop.callAt(loop.now) {}
            try drive(loop) { loop.nextTimeout == nil }
        }
    }

    @Test func anIdleLoopsDescriptorIsNotReadable() async throws {
        try await withLoop { loop in
            for _ in 0..<3 { try loop.run(.nonBlocking) }
            var entry = pollfd(fd: loop.backendDescriptor, events: Int16(POLLIN), revents: 0)
            #expect(poll(&entry, 1, 0) == 0)
        }
    }

    @Test func twoLoopsOnOneThread() async throws {
        try await onThread {
            let loops = [try EventLoop(), try EventLoop()]
            var log: [Int] = []
            for number in 0..<6 {
                loops[number % 2].callLater(.milliseconds(number)) { log.append(number) }
            }
            while log.count < 6 {
                for loop in loops { try loop.run(.nonBlocking) }
            }
            #expect(log.filter { $0 % 2 == 0 } == [0, 2, 4])
            #expect(log.filter { $0 % 2 == 1 } == [1, 3, 5])
            for loop in loops { try loop.close() }
        }
    }

    @Test func aStoppedPassIsStillOnePass() async throws {
        try await withLoop { loop in
            var calls = 0
            loop.callSoon { calls += 1 }
            loop.stop()
            try loop.run(.nonBlocking)
            #expect(calls == 1)
        }
    }
}
