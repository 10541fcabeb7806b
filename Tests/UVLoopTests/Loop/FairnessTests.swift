import Testing
import UVLoop

/// What queues itself again and again must not keep anything else from its turn.
@Suite struct FairnessTests {
    @Test func aCallSoonChainDoesNotStarveTimers() async throws {
        try await withLoop { loop in
            var isDone = false
            func step() {
                if !isDone { loop.callSoon { step() } }
            }
            step()
            loop.callLater(.milliseconds(5)) { isDone = true }
            try loop.run()
            #expect(isDone)
        }
    }

    @Test func aCallSoonChainDoesNotStarvePosts() async throws {
        try await withLoop { loop in
            var isDone = false
            nonisolated(unsafe) let finish = { isDone = true }
            func step() {
                if !isDone { loop.callSoon { step() } }
            }
            step()
            startThread { try? loop.execute { _ in finish() } }
            try loop.run()
            #expect(isDone)
        }
    }

    @Test func aCallSoonChainDoesNotStarveDescriptors() async throws {
        try await runLoop { loop in
            let server = try await loop.listen(on: .ip("127.0.0.1", port: 0)) { Answerer() }
            var isDone = false
            func step() {
                if !isDone { loop.callSoon { step() } }
            }
            step()
            let client = Asker()
            _ = try await loop.connect(to: .ip("127.0.0.1", port: server.port), client)
            while !client.isAnswered {
                await withCheckedContinuation { next in loop.callSoon { next.resume() } }
            }
            isDone = true
        }
    }

    @Test func zeroTimersThatStartThemselvesStarveNobody() async throws {
        try await withLoop { loop in
            var isDone = false
            var calls = 0
            func step() {
                if !isDone { loop.callLater(.zero) { step() } }
            }
            func call() {
                calls += 1
                if calls < 1_000 { loop.callSoon { call() } } else { isDone = true }
            }
            step()
            call()
            try loop.run()
            #expect(isDone)
        }
    }

    @Test func tasksThatYieldForEverStarveNobody() async throws {
        try await runLoop { loop in
            var isDone = false
            var calls = 0
            loop.callLater(.milliseconds(2)) {
                func call() {
                    calls += 1
                    if calls < 100 { loop.callSoon { call() } } else { isDone = true }
                }
                call()
            }
            while !isDone { await Task.yield() }
            #expect(calls == 100)
        }
    }

    @Test func callbacksStarveNoTasks() async throws {
        try await runLoop { loop in
            var isDone = false
            func step() {
                if !isDone { loop.callSoon { step() } }
            }
            step()
            for _ in 0..<1_000 { await Task.yield() }
            isDone = true
        }
    }

    @Test func aStartedIdleDoesNotKeepTimersFromFiring() async throws {
        try await withLoop { loop in
            let idle = try Idle(loop) {}
            idle.start()
            loop.callLater(.milliseconds(2)) { idle.close() }
            try loop.run()
            #expect(!idle.isActive)
        }
    }
}

/// Answers whatever comes.
private final class Answerer: PlainProtocol {
    private var transport: Transport?
    func connectionMade(_ transport: Transport) { self.transport = transport }
    func dataReceived(_ data: RawSpan) throws { try transport?.write("answer") }
    func connectionLost(_ error: (any Error)?) { transport = nil }
}

/// Asks once and remembers that an answer came.
private final class Asker: PlainProtocol {
    private(set) var isAnswered = false
    func connectionMade(_ transport: Transport) throws { try transport.write("question") }
    func dataReceived(_ data: RawSpan) { isAnswered = true }
}
