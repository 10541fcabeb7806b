import Testing

@testable import UVLoop

@Suite struct OutboundChunkTests {
    @Test func aCopyDoesNotFollowItsSource() {
        var source: [UInt8] = [1, 2, 3]
        let chunk = source.withUnsafeBytes { OutboundChunk(copying: $0) }
        source[0] = 99
        #expect([UInt8](chunk.bytes) == [1, 2, 3])
        chunk.free()
    }

    @Test func aKeptArrayIsNotCopiedAndDoesNotChange() {
        var source = [UInt8](repeating: 1, count: 100)
        let before = source.withUnsafeBytes { $0.baseAddress! }
        let chunk = OutboundChunk(keeping: source, from: 10)
        #expect(chunk.bytes.baseAddress == before + 10)
        #expect(chunk.bytes.count == 90)
        source[50] = 2
        #expect(chunk.bytes.allSatisfy { $0 == 1 })
        chunk.free()
    }

    @Test func aKeptArrayOutlivesItsVariable() {
        func make() -> OutboundChunk {
            OutboundChunk(keeping: [UInt8](repeating: 7, count: 10_000), from: 5_000)
        }
        let chunk = make()
        let churn = (0..<100).map { [UInt8](repeating: UInt8($0), count: 10_000) }
        #expect(chunk.bytes.count == 5_000)
        #expect(chunk.bytes.allSatisfy { $0 == 7 })
        #expect(churn.count == 100)
        chunk.free()
    }

    @Test func staticBytesStayWhereTheyAre() {
        let text: StaticString = "always there"
        let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        let chunk = OutboundChunk(static: bytes)
        #expect(chunk.bytes.baseAddress == bytes.baseAddress)
        chunk.free()
        #expect([UInt8](bytes) == Array("always there".utf8))
    }

    @Test func takingTheChunksEmptiesTheQueue() {
        let extras = ConnectionExtras()
        #expect(!extras.hasQueue)
        extras.append(OutboundChunk(keeping: [1, 2, 3], from: 1))
        extras.append(OutboundChunk(keeping: [4], from: 0))
        #expect(extras.queuedByteCount == 3)
        #expect(extras.hasQueue)
        let chunks = extras.takeChunks()
        #expect(chunks.flatMap { [UInt8]($0.bytes) } == [2, 3, 4])
        #expect(extras.queuedByteCount == 0)
        #expect(!extras.hasQueue)
        for chunk in chunks { chunk.free() }
    }
}
