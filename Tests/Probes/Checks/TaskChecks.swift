import Synchronization
import UVLoop

/// Actors, tasks and time.
extension Checks {
    @MainActor
    func mainActor() async throws {
        try require(isOnMainThread())
        let loop = EventLoop.main!
        try require(loop.isOnThread)
        loop.assertIsolated()
        // What is isolated to the loop is called without a trip through the queue, but in the mode
        // in which a task without isolation would be elsewhere.
        var hasOtherRun = false
        let other = Task { hasOtherRun = true }
        try require(await Self.number(loop) == 7)
        try require(!hasOtherRun || mode == .mainOnly)
        await other.value
        try require(Self.numberWithoutAwait() == 7)
        await Task.yield()
        // What an async `main` does before it first waits, it does before the loop runs.
        try require(EventLoop.current === loop)
        try require(isOnMainThread())
        MainActor.assertIsolated()
        // What lives on the loop is used directly.
        var fired = false
        let timer = Timer(loop) { fired = true }
        timer.start(after: .milliseconds(1))
        while !fired { await Task.yield() }
    }

    /// Isolated to the loop.
    private static func number(_ loop: isolated EventLoop) -> Int { 7 }

    @MainActor
    private static func numberWithoutAwait() -> Int { EventLoop.main!.assumeIsolated(number) }

    @MainActor
    func globalExecutor() async throws {
        let expected = mode == .single
        for _ in 0..<100 {
            let isOnMain = await Task.detached { isOnMainThread() }.value
            try require(isOnMain == expected)
            try require(isOnMainThread())
        }
        try require(await Self.concurrently() == expected)
        try require(await Plain().isOnMain() == expected)
    }

    @concurrent
    private static func concurrently() async -> Bool {
        await Task.yield()
        return isOnMainThread()
    }

    private actor Plain {
        func isOnMain() async -> Bool {
            await Task.yield()
            return isOnMainThread()
        }
    }

    @MainActor
    func callbacks() async throws {
        let isIsolated = await withCheckedContinuation { continuation in
            EventLoop.main!.callSoon {
                MainActor.assumeIsolated { continuation.resume(returning: isOnMainThread()) }
            }
        }
        try require(isIsolated)
    }

    @MainActor
    func pinnedActor() async throws {
        let thread = try EventLoopThread(name: "pinned")
        let pinned = Pinned(thread.loop)
        for number in 0..<100 {
            try require(try await pinned.add(number))
            try require(isOnMainThread())
        }
        try require(await pinned.sum == 4_950)
        await thread.shutdown()
    }

    private actor Pinned {
        private let loop: EventLoop
        private(set) var sum = 0

        init(_ loop: EventLoop) { self.loop = loop }
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

        func add(_ number: Int) async throws -> Bool {
            sum += number
            try await Task.sleep(for: .microseconds(10))
            return loop.isOnThread && !isOnMainThread()
        }
    }

    @MainActor
    func isolatedDeinit() async throws {
        let isDone = Mutexed(false)
        let thread = try EventLoopThread(name: "deinit")
        let object = MainObject(isDone)
        try await thread.loop.perform { [object] _ in _ = object }
        _ = consume object
        while !isDone.value { await Task.yield() }
        await thread.shutdown()
    }

    @MainActor
    private final class MainObject {
        private let isDone: Mutexed<Bool>
        init(_ isDone: Mutexed<Bool>) { self.isDone = isDone }
        isolated deinit {
            MainActor.assertIsolated()
            isDone.value = isOnMainThread()
        }
    }

    @MainActor
    func priorities() async throws {
        for priority in [TaskPriority.background, .utility, .high] {
            let seen = await Task.detached(priority: priority) {
                await Task.yield()
                return Task.currentPriority
            }.value
            try require(seen >= priority, "\(seen)")
        }
    }

    @TaskLocal private static var number = 0

    @MainActor
    func taskLocals() async throws {
        try await Self.$number.withValue(7) {
            try require(Self.number == 7)
            try await Task.sleep(for: .microseconds(100))
            try require(Self.number == 7)
            let inherited = await Task { await Self.afterYield() }.value
            try require(inherited == 7)
            let detached = await Task.detached { Self.number }.value
            try require(detached == 0)
        }
    }

    @concurrent
    private static func afterYield() async -> Int {
        await Task.yield()
        return number
    }

    @MainActor
    func asyncLet() async throws {
        async let one = Self.afterSleep(1)
        async let two = Self.afterSleep(2)
        try require(try await one + two == 3)
    }

    @concurrent
    private static func afterSleep(_ number: Int) async throws -> Int {
        try await Task.sleep(for: .milliseconds(number))
        return number
    }

    @MainActor
    func taskGroup() async throws {
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<1_000 { group.addTask { number } }
            for number in 0..<20 { group.addTask { try await Self.afterSleep(number) } }
            var sum = 0
            while let number = try await group.next() { sum += number }
            return sum
        }
        try require(sum == 499_500 + 190)
    }

    @MainActor
    func asyncStream() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        let producer = Task.detached {
            for number in 0..<1_000 {
                continuation.yield(number)
                if number.isMultiple(of: 100) { await Task.yield() }
            }
            continuation.finish()
        }
        var expected = 0
        for await number in stream {
            try require(number == expected)
            expected += 1
        }
        try require(expected == 1_000)
        await producer.value
    }

    @MainActor
    func yields() async throws {
        var isDone = false
        let other = Task { isDone = true }
        // The queue is first in, first out: one round lets everyone else run.
        for _ in 0..<3 where !isDone { await Task.yield() }
        try require(isDone)
        await other.value
    }

    @MainActor
    func sleeps() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        try await Task.sleep(for: .milliseconds(20))
        try require(start.duration(to: clock.now) >= .milliseconds(20))
        let suspending = SuspendingClock()
        let second = suspending.now
        try await Task.sleep(until: second.advanced(by: .milliseconds(20)), clock: .suspending)
        try require(second.duration(to: suspending.now) >= .milliseconds(20))
        try await Task.sleep(for: .zero)
        try await Task.sleep(for: .seconds(-1))
        try require(isOnMainThread())
    }

    @MainActor
    func sleepsInOrder() async throws {
        let order = Mutexed<[Int]>([])
        await withTaskGroup { group in
            for number in (0..<10).reversed() {
                group.addTask {
                    // Far enough from each other for any machine that runs them at all: what is
                    // compared is their order, and one loop wakes them.
                    try? await Task.sleep(for: .milliseconds(10 + 20 * number))
                    order.withLock { $0.append(number) }
                }
            }
        }
        // In the other mode several threads write it down.
        if mode == .single { try require(order.value == Array(0..<10), "\(order.value)") }
    }

    @MainActor
    func cancelledSleep() async throws {
        let start = ContinuousClock.now
        let sleeper = Task { try await Task.sleep(for: .seconds(1_000)) }
        await Task.yield()
        sleeper.cancel()
        do {
            try await sleeper.value
            try require(false, "no error")
        } catch is CancellationError {}
        try require(start.duration(to: .now) < .seconds(500))
    }

    @MainActor
    func cancellation() async throws {
        let isCancelled = Mutexed(false)
        let task = Task.detached {
            await withTaskCancellationHandler {
                // Not until the flag is up: on another thread that can be seen before the handler
                // runs, which it does not any more when this has ended.
                while !isCancelled.value { await Task.yield() }
            } onCancel: {
                isCancelled.value = true
            }
        }
        await Task.yield()
        task.cancel()
        await task.value
        try require(isCancelled.value)
    }
}

/// A value behind a lock.
final class Mutexed<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>
    init(_ value: Value) { mutex = Mutex(value) }
    var value: Value {
        get { mutex.withLock { $0 } }
        set { mutex.withLock { $0 = newValue } }
    }
    func withLock<R: Sendable>(_ body: (inout Value) -> R) -> R { mutex.withLock { body(&$0) } }
}
