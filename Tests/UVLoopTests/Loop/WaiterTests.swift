import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(1)))
struct WaiterTests {
    @Test func theWaitEndsAsItIsTold() async throws {
        try await onLoop { loop in
            let waiter = Waiter()
            let first = loop.spawn { loop in try await waiter.wait(on: loop) }
            try await until(loop) { waiter.isWaiting }
            waiter.resume()
            #expect(!waiter.isWaiting)
            try await first.value
            let second = loop.spawn { loop in try await waiter.wait(on: loop) }
            try await until(loop) { waiter.isWaiting }
            waiter.fail(Mishap("told"))
            #expect(!waiter.isWaiting)
            await #expect(throws: Mishap("told")) { try await second.value }
        }
    }

    @Test func whatHappensWhileNobodyWaitsIsForgotten() async throws {
        try await onLoop { loop in
            let waiter = Waiter()
            waiter.resume()
            waiter.fail(Mishap())
            await #expect(throws: StreamError.timedOut) {
                try await waiter.wait(on: loop, timeout: .milliseconds(2))
            }
        }
    }

    @Test func theEndOfOneWaitIsNotThatOfTheNext() async throws {
        try await onLoop { loop in
            let waiter = Waiter()
            let first = loop.spawn { loop in
                try await waiter.wait(on: loop, timeout: .seconds(1_000))
            }
            try await until(loop) { waiter.isWaiting }
            #expect(loop.core.timersKeepingAlive == 1)
            waiter.resume()
            // Posts the end of a wait that is over.
            first.cancel()
            try await first.value
            #expect(loop.core.timersKeepingAlive == 0)
            let second = loop.spawn { loop in try await waiter.wait(on: loop) }
            try await until(loop) { waiter.isWaiting }
            await turns(loop, for: .milliseconds(10))
            #expect(waiter.isWaiting)
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
        }
    }

    @Test func aTaskCancelledBeforeDoesNotWait() async throws {
        try await onLoop { loop in
            let waiter = Waiter()
            let task = loop.spawn { loop in
                withUnsafeCurrentTask { $0?.cancel() }
                try await waiter.wait(on: loop)
            }
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
