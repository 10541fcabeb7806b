import Testing

@testable import UVLoop

/// Work on files on its way to the pool.
@Suite(.timeLimit(.minutes(1)))
struct PoolQueueTests {
    /// Many at once, and while others are under way: each is done once and told of once.
    @Test func everythingOnce() async throws {
        try await onLoop { loop in
            let count = 5_000
            let done = Counter()
            var answers = [Int](repeating: 0, count: count)
            for number in 0..<count {
                _ = try job(loop) {
                    done.increment()
                    return number
                } _: {
                    guard case .success(let number) = $0 else { return }
                    answers[number] += 1
                }
                if number % 100 == 0 { await Task.yield() }
            }
            try await until(loop) { answers.allSatisfy { $0 == 1 } }
            #expect(done.value == count)
        }
    }

    /// What begins another one in its completion, again and again.
    @Test func oneAfterTheOther() async throws {
        try await onLoop { loop in
            var left = 2_000
            // Sound: on the loop's thread only, and until it is 0.
            func next(_ loop: EventLoop) throws {
                guard left > 0 else { return }
                left -= 1
                _ = try StepwiseWork<Int>.start(loop, { _ in 0 }) { _ in try? next(loop) }
            }
            for _ in 0..<8 { try next(loop) }
            try await until(loop) { left == 0 && loop.core.uv.pointee.active_reqs.count == 0 }
        }
    }

    /// One that lasts holds up neither the others nor what they have brought.
    @Test func oneThatLasts() async throws {
        try await onLoop { loop in
            let gate = Gate()
            var answers: [String] = []
            _ = try job(loop) {
                gate.wait()
                return 0
            } _: { _ in
                answers.append("long")
            }
            for _ in 0..<200 {
                _ = try job(loop) {
                    0
                } _: { _ in
                    answers.append("short")
                }
            }
            try await until(loop) { answers.count == 200 }
            gate.open()
            try await until(loop) { answers.count == 201 }
            #expect(answers.last == "long")
        }
    }

    /// Whoever else uses the pool gets a thread before all of it is done.
    @Test func othersHaveTheirTurn() async throws {
        try await onLoop { loop in
            let (gate, done) = (Gate(), Counter())
            let (threads, count) = (4, 1_000)
            for number in 0..<count {
                _ = try job(loop) {
                    if number < threads { gate.wait() }
                    done.increment()
                    return 0
                }
            }
            let requests = loop.core.uv
            try await until(loop) { requests.pointee.active_reqs.count == threads }
            let other = loop.spawn { loop in try await loop.blocking { done.value } }
            try await until(loop) { requests.pointee.active_reqs.count == threads + 1 }
            for _ in 0..<threads { gate.open() }
            let doneBefore = try await other.value
            #expect(doneBefore < count)
            try await until(loop) { done.value == count }
        }
    }

    /// Before a thread has begun: it does nothing, and says so at once. Afterwards: not at all.
    @Test func takenBack() async {
        await #expect(processExitsWith: .success) {
            try await onLoop { loop in
                let pool = try await BusyPool(loop)
                let done = Counter()
                var answers: [Result<Int, UVError>] = []
                let jobs = try (0..<3).map { number in
                    try job(loop) {
                        done.increment()
                        return number
                    } _: {
                        answers.append($0)
                    }
                }
                #expect(jobs[1].cancel())
                #expect(!jobs[1].cancel())
                #expect(answers.isEmpty)
                try await until(loop) { answers == [.failure(.canceled)] }
                try await pool.end(loop)
                try await until(loop) { answers.count == 3 }
                #expect(done.value == 2)
                #expect(answers.contains(.success(0)) && answers.contains(.success(2)))
                #expect(!jobs[0].cancel())
            }
        }
    }

    /// A queue in which always something waits does not keep what has been taken out of it.
    @Test func neverEmpty() async throws {
        try await onLoop { loop in
            let gone = Counter()
            var contents = PoolQueue.Contents()
            func append() {
                let bird = Canary { gone.increment() }
                contents.waiting.append(
                    StepwiseWork<Int>(loop, { _ in 0 }) { _ in withExtendedLifetime(bird) {} })
            }
            for _ in 0..<100 { append() }
            for round in 1...10_000 {
                append()
                #expect(contents.takeFirst() != nil)
                #expect(contents.waiting.count == 100 && gone.value == round)
            }
            #expect(contents.waiting.elements.count < 1_000)
        }
    }

    /// A loop that closes does what is queued.
    @Test func theLoopCloses() async throws {
        let done = Counter()
        let answers = Counter()
        try await onLoop { loop in
            for _ in 0..<1_000 {
                _ = try job(loop) {
                    done.increment()
                    return 0
                } _: { _ in
                    answers.increment()
                }
            }
        }
        #expect(done.value == 1_000 && answers.value == 1_000)
        try await onThread {
            let loop = try EventLoop()
            try loop.close()
            #expect(throws: UVError.canceled) {
                _ = try StepwiseWork<Int>.start(loop, { _ in 0 }) { _ in }
            }
        }
    }
}

private func job(
    _ loop: isolated EventLoop, _ work: @escaping @Sendable () -> Int = { 0 },
    _ completion: @escaping (Result<Int, UVError>) -> Void = { _ in }
) throws -> PoolJob {
    try StepwiseWork.start(loop, { _ in work() }, completion)
}
