import StreamConformance
import Testing
import UVLoop

/// The streams in memory under the suite that every stream passes.
@Suite struct ConformanceTests {
    /// A pair whose buffers are full, both ways.
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

    @Test(arguments: memory.checks)
    func memoryStream(_ check: StreamCheck) async throws { try await check.run() }

    @Test(arguments: narrow.checks)
    func memoryStreamOfOneByte(_ check: StreamCheck) async throws { try await check.run() }

    @Test(arguments: lockstep.checks)
    func lockstepStream(_ check: StreamCheck) async throws { try await check.run() }
}
