import Glibc
import Testing

@testable import UVLoop

/// Counted before and after, each in a child process that nothing else disturbs.
@Suite struct LeakTests {
    @Test func aMillionTimers() async throws {
        await #expect(processExitsWith: .success) {
            try await withLoop { loop in
                func start(_ count: Int) throws {
                    var timers: [Timer] = []
                    for number in 0..<count {
                        timers.append(loop.callLater(.seconds(100 + number)) {})
                        if timers.count == 10_000 {
                            for timer in timers { timer.stop() }
                            timers = []
                            try loop.run(.nonBlocking)
                        }
                    }
                }
                try start(100_000)
                let (memory, descriptors) = (residentByteCount(), openDescriptorCount())
                try start(1_000_000)
                expectMemory(memory, margin: 4)
                expectDescriptors(descriptors)
                let isLeft = try loop.run()
                precondition(!isLeft)
            }
        }
    }

    @Test func oneTimerStartedAMillionTimes() async throws {
        await #expect(processExitsWith: .success) {
            try await withLoop { loop in
                let timer = Timer(loop) {}
                func start(_ count: Int) throws {
                    for number in 0..<count {
                        timer.start(after: .nanoseconds(number * 1_000_003))
                        if number % 100 == 0 { _ = timer.deadline }
                        if number % 3 == 0 { timer.stop() }
                    }
                    timer.stop()
                }
                try start(10_000)
                let memory = residentByteCount()
                try start(1_000_000)
                expectMemory(memory, margin: 4)
            }
        }
    }

    @Test func timersThatFire() async throws {
        await #expect(processExitsWith: .success) {
            try await withLoop { loop in
                func fire(_ rounds: Int) throws {
                    for _ in 0..<rounds {
                        for _ in 0..<1_000 { loop.callLater(.zero) {} }
                        try loop.run()
                    }
                }
                try fire(20)
                let memory = residentByteCount()
                try fire(200)
                expectMemory(memory, margin: 4)
            }
        }
    }

    @Test func callsAndPosts() async throws {
        await #expect(processExitsWith: .success) {
            try await withLoop { loop in
                nonisolated(unsafe) var count = 0
                func queue(_ calls: Int) throws {
                    for number in 0..<calls {
                        let call = loop.callSoon { count += 1 }
                        if number % 4 == 0 { call.cancel() }
                        try loop.execute { _ in count += 1 }
                    }
                    try loop.run()
                }
                // The allocator needs some rounds to settle.
                for _ in 0..<6 { try queue(200_000) }
                let (memory, descriptors) = (residentByteCount(), openDescriptorCount())
                for _ in 0..<4 { try queue(200_000) }
                expectMemory(memory, margin: 8)
                expectDescriptors(descriptors)
                precondition(count == 10 * 350_000)
            }
        }
    }

    @Test func loopsLeaveNoDescriptorAndNoMemory() async throws {
        await #expect(processExitsWith: .success) {
            func make(_ count: Int) async throws {
                try await onThread {
                    for number in 0..<count {
                        let loop = try EventLoop()
                        loop.callSoon {}
                        loop.callLater(.seconds(1_000)) {}
                        try Idle(loop) {}.start()
                        _ = try Check(loop) {}
                        try loop.run(.nonBlocking)
                        if number % 2 == 0 { try loop.execute { _ in } }
                        try loop.close()
                        try EventLoop.run { loop in
                            loop.spawn { _ in try await Task.sleep(for: .seconds(1_000)) }
                            await Task.yield()
                        }
                    }
                }
            }
            try await make(50)
            let (memory, descriptors) = (residentByteCount(), openDescriptorCount())
            try await make(200)
            expectDescriptors(descriptors)
            expectMemory(memory, margin: 8)
        }
    }

    @Test func threadsLeaveNothing() async throws {
        await #expect(processExitsWith: .success) {
            func make(_ count: Int) async throws {
                for _ in 0..<count {
                    let thread = try EventLoopThread()
                    _ = try await thread.loop.perform { _ in 1 }
                    await thread.shutdown()
                }
            }
            try await make(20)
            let descriptors = openDescriptorCount()
            try await make(200)
            expectDescriptors(descriptors)
        }
    }

    @Test func aLoopIsReleasedAfterItsClose() async throws {
        nonisolated(unsafe) weak var released: LoopCore?
        try await withLoop { loop in
            released = loop.core
            loop.callSoon {}
            loop.callLater(.seconds(1_000)) {}
            loop.exceptionHandler = { _ in _ = loop.isDebug }
        }
        #expect(released == nil)
    }

    @Test func outOfDescriptorsIsAnErrorAndLeavesNothing() async throws {
        await #expect(processExitsWith: .success) {
            try await onThread {
                _ = try EventLoop()
                let before = openDescriptorCount()
                var limit = rlimit()
                getrlimit(.init(RLIMIT_NOFILE.rawValue), &limit)
                let all = limit.rlim_cur
                var (made, refused) = (0, 0)
                for _ in 0..<20 {
                    for room in 0..<10 {
                        limit.rlim_cur = rlim_t(before + room)
                        setrlimit(.init(RLIMIT_NOFILE.rawValue), &limit)
                        do throws(UVError) {
                            _ = try EventLoop()
                            made += 1
                        } catch {
                            precondition(error == .tooManyOpenFiles, "\(error)")
                            refused += 1
                        }
                        limit.rlim_cur = all
                        setrlimit(.init(RLIMIT_NOFILE.rawValue), &limit)
                    }
                }
                precondition(made >= 20 && refused >= 20, "\(made) made, \(refused) refused")
                // The rest of the process may have opened a few, but not one a round.
                let after = openDescriptorCount()
                precondition(after < before + 10, "\(before) before, \(after) after")
            }
        }
    }
}

/// Ends the child process if its memory has grown by more than some MiB.
private func expectMemory(_ before: Int, margin: Int) {
    let growth = residentByteCount() - before
    precondition(growth < margin << 20, "memory has grown by \(growth) bytes")
}

/// Ends the child process if it has more descriptors open than before. The rest of the process may
/// open a few as it goes; what leaks does so hundreds of times.
private func expectDescriptors(_ before: Int) {
    let after = openDescriptorCount()
    precondition(after < before + 10, "\(before) descriptors before, \(after) after")
}
