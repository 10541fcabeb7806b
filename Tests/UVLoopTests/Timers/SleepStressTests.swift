import Testing

@testable import UVLoop

/// Sleeps and timeouts of several threads, cancelled at any time, on a loop that closes at any
/// time.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct SleepStressTests {
    @Test(arguments: UInt64(1)...8)
    func everyOneEndsWithAReasonForIt(_ seed: UInt64) async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        let counts = await withTaskGroup(of: Int.self) { group in
            for number in 0..<4 {
                group.addTask { await Self.use(loop, seed: seed &* 10 &+ UInt64(number)) }
            }
            // Every other loop closes under them.
            if seed % 2 == 0 {
                try? await loop.sleep(for: .milliseconds(3))
                await thread.shutdown()
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == [150, 150, 150, 150])
        if seed % 2 == 1 {
            let left = try await loop.perform { $0.core.timersKeepingAlive }
            #expect(left == 0)
        }
        await thread.shutdown()
    }

    /// How many tasks have ended as they may.
    private static func use(_ loop: EventLoop, seed: UInt64) async -> Int {
        var random = SeededGenerator(seed: seed)
        var count = 0
        for _ in 0..<150 {
            let time = Duration.microseconds(Int.random(in: -50...200, using: &random))
            let limit = Duration.microseconds(Int.random(in: -50...200, using: &random))
            let (isLimited, isOnLoop) = (Bool.random(using: &random), Bool.random(using: &random))
            let work: @Sendable () async throws -> Void = {
                if isLimited {
                    try await loop.withTimeout(limit) { try await loop.sleep(for: time) }
                } else {
                    try await loop.sleep(for: time)
                }
            }
            let task =
                isOnLoop
                ? Task(executorPreference: loop.loopTaskExecutor, operation: work)
                : Task(operation: work)
            if Bool.random(using: &random) { await Task.yield() }
            if Bool.random(using: &random) { task.cancel() }
            switch await task.result {
            case .success: count += 1
            case .failure(let error as EventLoopError):
                if error == .timedOut || error == .closed { count += 1 }
            case .failure(let error):
                if error is CancellationError { count += 1 }
            }
        }
        return count
    }
}
