import StreamConformance
import Testing
import UVLoop

/// The streams in memory under the suite that every stream passes.
@Suite struct ConformanceTests {
    static func cloggedPair() async throws -> (MemoryStream, MemoryStream) {
        let (first, second) = MemoryStream.pair(capacity: 3)
        try await first.send([1, 2, 3])
        try await second.send([4, 5, 6])
        return (first, second)
    }

    static let memory = StreamSuite(
        pair: { MemoryStream.pair() }, cloggedPair: { try await cloggedPair() })

    static let narrow = StreamSuite(
        pair: { MemoryStream.pair(capacity: 1) }, cloggedPair: { try await cloggedPair() })

    static let lockstep = StreamSuite(
        pair: { LockstepStream.pair() }, cloggedPair: { LockstepStream.pair() })

    static let relayed = StreamSuite(
        pair: { RelayedPair.make() }, cloggedPair: { try await RelayedPair.clogged() })

    @Test(arguments: memory.checks)
    func memoryStream(_ check: StreamCheck) async throws { try await check.run() }

    @Test(arguments: narrow.checks)
    func memoryStreamOfOneByte(_ check: StreamCheck) async throws { try await check.run() }

    @Test(arguments: lockstep.checks)
    func lockstepStream(_ check: StreamCheck) async throws { try await check.run() }

    /// The suite must not ask for more than a network can do.
    @Test(arguments: relayed.checks)
    func relayedStream(_ check: StreamCheck) async throws { try await check.run() }
}
