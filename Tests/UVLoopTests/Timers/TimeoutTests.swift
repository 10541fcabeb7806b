import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(1)))
struct TimeoutTests {
    /// As good as for ever.
    private static let ages = Duration.seconds(10_000)

    private final class NotSendable {
        var number = 0
    }

    @TaskLocal private static var local = 0

    // MARK: In time

    @Test(arguments: Caller.allCases)
    func whatEndsInTimeIsAsWithoutALimit(_ caller: Caller) async throws {
        try await onLoop { loop in
            try await caller.run(loop) {
                let quick = try await loop.withTimeout(Self.ages) { 5 }
                #expect(quick == 5)
                let error = await failure {
                    try await loop.withTimeout(Self.ages) { throw Planned(number: 6) }
                }
                #expect(error as? Planned == Planned(number: 6))
                let slow = try await loop.withTimeout(Self.ages) {
                    try await loop.sleep(for: .milliseconds(1))
                    await Task.yield()
                    return 7
                }
                #expect(slow == 7)
                let deadline = EventLoop.Instant.now.advanced(by: Self.ages)
                let early = try await loop.withDeadline(deadline) { 8 }
                #expect(early == 8)
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test func theClosureRunsWhereTheCallerIs() async throws {
        try await onLoop { loop in
            // Of the caller's region: neither of the two is Sendable.
            let inner = NotSendable()
            let outer = try await loop.withTimeout(Self.ages) {
                loop.assertIsolated()
                inner.number += 1
                await Task.yield()
                loop.assertIsolated()
                inner.number += 1
                return inner
            }
            #expect(outer === inner && inner.number == 2)
        }
        try await Self.onMain()
    }

    @MainActor
    private static func onMain() async throws {
        let thread = try EventLoopThread()
        let number = NotSendable()
        try await thread.loop.withTimeout(ages) {
            MainActor.assertIsolated()
            try await thread.loop.sleep(for: .milliseconds(1))
            MainActor.assertIsolated()
            number.number += 1
        }
        MainActor.assertIsolated()
        #expect(number.number == 1)
        await thread.shutdown()
    }

    @Test(arguments: Caller.allCases)
    func taskLocalsAndPriorityAreTheCallers(_ caller: Caller) async throws {
        try await onLoop { loop in
            try await caller.run(loop) {
                try await Self.$local.withValue(9) {
                    let priority = Task.currentPriority
                    try await loop.withTimeout(Self.ages) {
                        #expect(Self.local == 9)
                        #expect(Task.currentPriority == priority)
                    }
                }
            }
        }
    }

    @Test func thePreferenceForTheLoopIsKept() async throws {
        try await onLoop { loop in
            let task = loop.spawn { loop in
                try await loop.withTimeout(Self.ages) { await isConcurrentCodeOn(loop) }
            }
            let value = try await task.value
            #expect(value)
        }
    }

    // MARK: Out of time

    @Test(arguments: Caller.allCases, [Duration.milliseconds(3), .nanoseconds(1), .zero])
    func whatLastsTooLongIsCancelled(_ caller: Caller, _ timeout: Duration) async throws {
        try await onLoop { loop in
            try await caller.run(loop) {
                let wasCancelled = Mutexed(false)
                let before = EventLoop.Instant.now
                let error = await failure {
                    try await loop.withTimeout(timeout) {
                        do {
                            try await loop.sleep(for: Self.ages)
                        } catch {
                            wasCancelled.value = error is CancellationError && Task.isCancelled
                            throw error
                        }
                    }
                }
                #expect(before.duration(to: .now) >= timeout)
                #expect(error as? EventLoopError == .timedOut)
                #expect(wasCancelled.value == true)
                #expect(!Task.isCancelled)
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test func aLimitBelowZeroCancelsFromTheBeginning() async throws {
        try await onLoop { loop in
            for limit in [Duration.zero, .seconds(-1), .seconds(Int64.min)] {
                let wasCancelled = Mutexed<Bool>()
                let error = await failure {
                    try await loop.withTimeout(limit) {
                        wasCancelled.value = Task.isCancelled
                        try Task.checkCancellation()
                    }
                }
                #expect(error as? EventLoopError == .timedOut)
                #expect(wasCancelled.value == true)
            }
        }
    }

    @Test func aValueThatComesTooLateIsReturned() async throws {
        try await onLoop { loop in
            let value = try await loop.withTimeout(.milliseconds(1)) {
                try? await loop.sleep(for: Self.ages)
                return 3
            }
            #expect(value == 3)
        }
    }

    @Test func anErrorThatComesTooLateIsThrown() async throws {
        try await onLoop { loop in
            let error = await failure {
                try await loop.withTimeout(.milliseconds(1)) {
                    try? await loop.sleep(for: Self.ages)
                    throw Planned(number: 2)
                }
            }
            #expect(error as? Planned == Planned(number: 2))
        }
    }

    /// Without a limit that has passed, `CancellationError` is an error as any other.
    @Test func aCancellationErrorInTimeIsThrown() async throws {
        try await onLoop { loop in
            await expectCancelled {
                try await loop.withTimeout(Self.ages) { throw CancellationError() }
            }
        }
    }

    @Test func aReceiveThatIsCutOffLosesNothing() async throws {
        try await withStream { loop, stream, peer in
            let error = await failure {
                try await loop.withTimeout(.milliseconds(2)) { try await stream.receive() }
            }
            #expect(error as? EventLoopError == .timedOut)
            try peer.send("abc")
            let bytes = try await loop.withTimeout(Self.ages) {
                try await stream.receive(exactly: 3)
            }
            #expect(bytes == Array("abc".utf8))
        }
    }

    // MARK: Cancellation of the caller

    @Test(arguments: Caller.allCases)
    func theCallersCancellationReachesTheClosure(_ caller: Caller) async throws {
        try await onLoop { loop in
            let canceller = Canceller()
            let begun = AsyncGate()
            let task = loop.spawn { loop in
                await expectCancelled {
                    try await caller.run(loop) {
                        canceller.takeCurrentTask()
                        try await loop.withTimeout(Self.ages) {
                            begun.open()
                            try await loop.sleep(for: Self.ages)
                        }
                    }
                }
            }
            await begun.wait()
            canceller.cancel()
            try await task.value
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test func aCancelledCallersClosureRunsCancelled() async throws {
        try await onLoop { loop in
            let task = loop.spawn { loop in
                withUnsafeCurrentTask { $0?.cancel() }
                return try await loop.withTimeout(Self.ages) { Task.isCancelled }
            }
            let value = try await task.value
            #expect(value)
        }
    }

    /// Both at once: the caller has to hear that it is cancelled.
    @Test func theCallersCancellationGoesBeforeTheTimeout() async throws {
        try await onLoop { loop in
            let begun = AsyncGate()
            let go = AsyncGate()
            let task = loop.spawn { loop in
                try await loop.withTimeout(.nanoseconds(1)) {
                    try? await loop.sleep(for: Self.ages)  // until the time is over
                    begun.open()
                    await go.wait()
                    throw CancellationError()
                }
            }
            await begun.wait()
            task.cancel()
            go.open()
            await expectCancelled { try await task.value }
        }
    }

    // MARK: Nesting

    @Test(arguments: Caller.allCases)
    func theOuterTimeoutEndsTheInnerOne(_ caller: Caller) async throws {
        try await onLoop { loop in
            try await caller.run(loop) {
                let inner = Mutexed<Bool>()
                let error = await failure {
                    try await loop.withTimeout(.milliseconds(2)) {
                        do {
                            try await loop.withTimeout(Self.ages) {
                                try await loop.sleep(for: Self.ages)
                            }
                        } catch {
                            inner.value = error is CancellationError
                            throw error
                        }
                    }
                }
                #expect(error as? EventLoopError == .timedOut)
                #expect(inner.value == true)
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test func theInnerTimeoutLeavesTheOuterOneAlone() async throws {
        try await onLoop { loop in
            let value = try await loop.withTimeout(Self.ages) {
                let error = await failure {
                    try await loop.withTimeout(.milliseconds(2)) {
                        try await loop.sleep(for: Self.ages)
                    }
                }
                #expect(error as? EventLoopError == .timedOut)
                #expect(!Task.isCancelled)
                try await loop.sleep(for: .milliseconds(1))
                return 4
            }
            #expect(value == 4)
        }
    }

    /// The outer one is over, so there is no time for what the body does about the inner one.
    @Test func ofEqualDeadlinesTheOuterOneWins() async throws {
        try await onLoop { loop in
            for _ in 0..<50 {
                let deadline = loop.now.advanced(by: .milliseconds(1))
                let hasBegunInTime = Mutexed(false)
                let error = await failure {
                    try await loop.withDeadline(deadline) {
                        do {
                            try await loop.withDeadline(deadline) {
                                hasBegunInTime.value = loop.now < deadline
                                try await loop.sleep(for: Self.ages)
                            }
                        } catch {
                            // On a slow machine it may begin when its own time is over.
                            #expect(error is CancellationError || hasBegunInTime.value == false)
                            throw error
                        }
                    }
                }
                #expect(error as? EventLoopError == .timedOut)
            }
        }
    }

    // MARK: The end of the loop

    @Test func onAClosedLoopNothingRuns() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        await thread.shutdown()
        let error = await failure {
            try await loop.withTimeout(Self.ages) { Issue.record("it ran") }
        }
        #expect(error as? EventLoopError == .closed)
    }

    @Test func theEndOfTheLoopCancelsTheClosure() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let other = try EventLoopThread()
        let task = Task.detached {
            try await loop.withTimeout(Self.ages) { try await other.loop.sleep(for: Self.ages) }
        }
        try await loop.perform { loop in
            try await until(loop) { loop.core.timersKeepingAlive == 1 }
        }
        await thread.shutdown()
        let error = await failure { try await task.value }
        #expect(error as? EventLoopError == .closed)
        await other.shutdown()
    }

    // MARK: Meeting

    /// The end of the closure, of the time and of the caller's patience, in every order.
    @Test func endsMayMeet() async throws {
        try await onLoop { loop in
            for number in 0..<100 {
                let task = loop.spawn { loop in
                    try await loop.withTimeout(.microseconds(100 + number)) {
                        try await loop.sleep(for: .microseconds(130))
                    }
                }
                try await loop.sleep(for: .microseconds(80 + number))
                if number % 3 == 0 { task.cancel() }
                let error = await failure { try await task.value }
                #expect(
                    error == nil || error is CancellationError
                        || error as? EventLoopError == .timedOut)
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }
}

@concurrent private func isConcurrentCodeOn(_ loop: EventLoop) async -> Bool { loop.isOnThread }
