import Glibc
import Testing

@testable import UVLoop

/// The cancellation of tasks that are watched for all of their waits at once: handlers of `serve`,
/// and bodies of `withConnection`.
@Suite(.timeLimit(.minutes(1)))
struct HandlerCancellationTests {
    /// What a handler does while it is cancelled.
    struct Waiting: CustomTestStringConvertible, Sendable {
        let name: String
        let work: Caller.StreamWork<Void>
        var testDescription: String { name }

        static let all: [Waiting] =
            (Cancellable.receiving + [Cancellable.sending[3]])
            .map { .init(name: $0.name, work: $0.operation) } + [
                .init(name: "withTimeout") { _ = try await $0.receive(timeout: .seconds(500)) },
                .init(name: "child") { stream in
                    async let child = stream.receive()
                    _ = try await child
                },
                .init(name: "group") { stream in
                    try await withThrowingTaskGroup { group in
                        group.addTask { _ = try await stream.receive() }
                        group.addTask { try await stream.waitForRoom() }
                        try await group.waitForAll()
                    }
                },
                .init(name: "elsewhere") { stream in
                    try await HandlerCancellationTests.onMain { _ = try await stream.receive() }
                },
                .init(name: "sleep") { _ in try await Task.sleep(for: .seconds(500)) },
            ]
    }

    @MainActor
    private static func onMain(_ work: Caller.Work<Void>) async throws { try await work() }

    @Test(arguments: Waiting.all)
    func cancelOfServeEndsEveryHandler(_ waiting: Waiting) async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            let (begun, ended) = (Counter(), Counter())
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let serving = Task {
                try await listener.serve { stream in
                    try await stream.clog()
                    // Once before, so that the wait is not the first.
                    _ = try await stream.receive(exactly: 1)
                    begun.increment()
                    let error = await failure { try await waiting.work(stream) }
                    if error is CancellationError, Task.isCancelled { ended.increment() }
                    if let error { throw error }
                }
            }
            let peers = try (0..<5).map { _ in
                try RawSocket.connect(to: listener.addresses[0], receiveBuffer: 4_096)
            }
            for peer in peers { try peer.send("x") }
            try await until(loop) { begun.value == 5 }
            await turns(loop, for: .milliseconds(2))
            serving.cancel()
            await expectCancelled { try await serving.value }
            #expect(ended.value == 5)
            #expect(reports.contexts.isEmpty)
            #expect(listener.server.connectionCount == 0 || !listener.server.isListening)
            for peer in peers { peer.close() }
        }
    }

    @Test(arguments: Waiting.all, Caller.allCases)
    func cancelOfAConnectionsScope(_ waiting: Waiting, _ caller: Caller) async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let target = Endpoint.address(listener.localAddress)
            let (canceller, begun) = (Canceller(), AsyncGate())
            let task = loop.spawn { loop in
                try await caller.run(loop) {
                    canceller.takeCurrentTask()
                    try await loop.withConnection(to: target) { stream in
                        try await loop.perform { _ in try await stream.clog() }
                        begun.open()
                        try await waiting.work(stream)
                    }
                }
            }
            let peer = try await offThread { try listener.accept() }
            await begun.wait()
            await turns(loop, for: .milliseconds(1))
            canceller.cancel()
            await expectCancelled { try await task.value }
            // Closed at once, what was queued is lost.
            #expect(
                await failure { try await offThread { try peer.countToEnd() } } as? UVError
                    != .timedOut)
            peer.close()
            listener.close()
        }
    }

    /// Handlers are cancelled in the instant in which their bytes come.
    @Test(arguments: 1...10)
    func cancelJustAsBytesArrive(_ seed: UInt64) async throws {
        try await onLoop { loop in
            var random = SeededGenerator(seed: seed)
            let reports = Reports(loop)
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let begun = Counter()
            let serving = Task {
                try await listener.serve { stream in
                    begun.increment()
                    for try await chunk in stream { try await stream.send(chunk) }
                }
            }
            let peers = try (0..<20).map { _ in try RawSocket.connect(to: listener.addresses[0]) }
            try await until(loop) { begun.value >= 20 }
            let spins = Int.random(in: 0..<20_000, using: &random)
            startThread {
                for _ in 0..<spins { _ = EventLoop.Instant.now }
                serving.cancel()
            }
            for peer in peers {
                try? peer.send("x")
                await Task.yield()
            }
            await expectCancelled { try await serving.value }
            #expect(reports.contexts.isEmpty)
            for peer in peers { peer.close() }
        }
    }

    /// A scope that ends at the very moment at which it is cancelled leaves nothing behind that the
    /// late news of it could touch.
    @Test func aCancellationThatComesAfterTheScope() async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener()
            let target = Endpoint.address(listener.localAddress)
            for _ in 0..<20 {
                let received = Gate()
                let task = loop.spawn { loop in
                    try await loop.withConnection(to: target) { stream in
                        _ = try await stream.receive()
                        received.open()
                        // Not a suspension: the news waits until the scope is over.
                        while !Task.isCancelled { sched_yield() }
                    }
                }
                let peer = try await offThread { try listener.accept() }
                try peer.send("x")
                startThread {
                    received.wait()
                    task.cancel()
                }
                await expectCancelled { try await task.value }
                peer.close()
            }
            listener.close()
        }
    }

    /// A task that uses a handler's stream but is none of its children is not cancelled with it.
    @Test func tasksBesideTheHandlerAreNotCancelled() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let beside = Mutexed<Task<[UInt8]?, any Error>>()
            let serving = Task {
                try await listener.serve { stream in
                    _ = try await stream.receive(exactly: 1)
                    beside.value = Task.detached(executorPreference: stream.loop.loopTaskExecutor) {
                        try await stream.receive()
                    }
                    _ = try? await beside.value?.value
                    #expect(Task.isCancelled)
                }
            }
            let peer = try RawSocket.connect(to: listener.addresses[0])
            try peer.send("x")
            try await until(loop) { beside.value != nil }
            await turns(loop, for: .milliseconds(2))
            serving.cancel()
            await turns(loop, for: .milliseconds(2))
            try peer.send("still")
            #expect(try await beside.value?.value == Array("still".utf8))
            await expectCancelled { try await serving.value }
            peer.close()
        }
    }
}
