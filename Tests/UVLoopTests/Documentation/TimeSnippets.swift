import Testing
import UVLoop

// The code of the articles that is about time: see `Snippets`.

@Suite struct TimeSnippets {
    /// Fails for a while.
    final class Flaky: Sendable {
        private let attempts = Counter()

        func connect() async throws {
            if attempts.increment() < 3 { throw Planned() }
        }
    }

    @Test func sleeping() throws {
        try EventLoop.run { loop in
            let flaky = Flaky()
            var pause = Duration.milliseconds(1)
            while (try? await flaky.connect()) == nil {
                try await loop.sleep(for: pause)
                pause = min(pause * 2, .seconds(10))
            }
        }
    }

    @Test func aLimitToTheTime() throws {
        try EventLoop.run { loop in
            let (stream, peer) = try await loop.streamPair()
            let answer: String?
            do {
                answer = try await loop.withTimeout(.milliseconds(20)) {
                    try await stream.send("name?\n")
                    return try await stream.receiveLine()
                }
            } catch EventLoopError.timedOut {
                answer = nil
            }
            #expect(answer == nil)
            stream.abort()
            peer.abort()
        }
    }

    @Test func computing() throws {
        let primes = try EventLoop.run { loop in
            let limit = 10_000
            let primes = try await loop.offload {
                (2..<limit).filter { number in
                    !(2..<number).contains { $0 * $0 <= number && number % $0 == 0 }
                }
            }
            return primes.count
        }
        #expect(primes == 1_229)
    }

    @Test func blocked() async throws {
        try await withLoop { loop in
            loop.isDebug = true
            loop.blockedLoopThreshold = .seconds(2)
        }
    }
}
