import Testing

struct DefaultLoopSoakTests {
    /// Spawns, hops, sleeps, cancellations and posts from four threads, by chance: each job runs
    /// once and only once, and the memory stays flat. `.ci/run` does it for longer.
    @Test func everyJobRunsOnce() async throws {
        let seed = UInt64.random(in: 0...1_000_000)
        let lines = try await Probe("ProbeSoak").lines("3", "\(seed)")
        #expect(lines.last?.hasSuffix("all checks passed") == true, "seed \(seed): \(lines)")
    }
}
