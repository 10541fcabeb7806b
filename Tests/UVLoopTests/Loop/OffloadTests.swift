import Testing

@testable import UVLoop

/// One after the other: they keep threads of Dispatch's waiting, of which there are few.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct OffloadTests {
    @Test func theLoopGoesOnMeanwhile() async throws {
        try await onLoop { loop in
            let (begun, gate) = (AsyncGate(), Gate())
            let task = loop.spawn { loop in
                try await loop.offload {
                    begun.open()
                    gate.wait()
                }
            }
            await begun.wait()
            try await loop.sleep(for: .milliseconds(1))
            gate.open()
            try await task.value
        }
    }

    @Test func whatHasBegunIsWaitedFor() async throws {
        try await onLoop { loop in
            let (begun, gate) = (AsyncGate(), Gate())
            let task = loop.spawn { loop in
                try await loop.offload {
                    begun.open()
                    gate.wait()
                    return 8
                }
            }
            await begun.wait()
            task.cancel()
            gate.open()
            let value = try await task.value
            #expect(value == 8)
        }
    }

    /// What is queued is taken back at once, without a thread that would have to come to it.
    @Test func aCancelledTaskDoesNotWaitForAThread() async throws {
        let computation = Computation<Void> { Issue.record("it ran") }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await computation.run()
        }
        let error = await failure { try await task.value }
        #expect(error is CancellationError)
    }

    @Test func itKeepsTheLoopRunning() async throws {
        let result = try await withLoop { loop in
            let result = Mutexed<Int>()
            loop.callSoon {
                loop.spawn { loop in
                    let gate = Gate()
                    loop.callLater(.milliseconds(1)) { gate.open() }
                    result.value = try await loop.offload {
                        gate.wait()
                        return 6
                    }
                }
            }
            while loop.core.keepAliveCount == 0 { try loop.run(.nonBlocking) }
            try loop.run()
            #expect(loop.core.keepAliveCount == 0)
            return result.value
        }
        #expect(result == 6)
    }

    @Test func itOutlivesTheLoop() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let (begun, gate) = (AsyncGate(), Gate())
        let task = Task(executorPreference: loop.loopTaskExecutor) {
            try await loop.offload {
                begun.open()
                gate.wait()
                return 2
            }
        }
        await begun.wait()
        await thread.shutdown()
        gate.open()
        #expect(try await task.value == 2)
    }

    /// Threads of libuv's pool that are all busy keep no computation waiting.
    @Test func itNeedsNoThreadOfThePool() async throws {
        await #expect(processExitsWith: .success) {
            try await onLoop { loop in
                let pool = try await BusyPool(loop)
                let sum = try await loop.offload { (1...100).reduce(0, +) }
                precondition(sum == 5_050)
                try await pool.end(loop)
            }
        }
    }
}
