import Testing

@testable import UVLoop

/// Bytes of a test's own type.
struct OwnBytes: ByteContainer {
    let bytes: [UInt8]
    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try bytes.withUnsafeBytes(body)
    }
}

/// Bytes that lie scattered.
struct ScatteredBytes: Collection {
    let pieces: [[UInt8]]
    var startIndex: Int { 0 }
    var endIndex: Int { pieces.reduce(0) { $0 + $1.count } }
    func index(after index: Int) -> Int { index + 1 }
    subscript(position: Int) -> UInt8 {
        var rest = position
        for piece in pieces {
            if rest < piece.count { return piece[rest] }
            rest -= piece.count
        }
        preconditionFailure("out of bounds")
    }
}

@Suite struct ByteContainerTests {
    private func lent(_ container: some ByteContainer) -> [UInt8] {
        container.withUnsafeBytes { [UInt8]($0) }
    }

    @Test func arraysAndSlicesLendTheirBytes() {
        let array: [UInt8] = [1, 2, 3, 4, 5]
        #expect(lent(array) == array)
        #expect(lent(array[1..<4]) == [2, 3, 4])
        #expect(lent(ContiguousArray(array)) == array)
        #expect(lent([UInt8]()) == [])
        #expect(lent(array[2..<2]) == [])
    }

    @Test func rawBuffersLendThemselves() {
        var array: [UInt8] = [9, 8, 7]
        array.withUnsafeMutableBytes { buffer in
            #expect(lent(buffer) == [9, 8, 7])
            #expect(lent(UnsafeRawBufferPointer(buffer)) == [9, 8, 7])
        }
        #expect(lent(UnsafeRawBufferPointer(start: nil, count: 0)) == [])
    }

    @Test(arguments: ["", "a", "smol", "grüße 👋🏽", String(repeating: "long ", count: 1_000)])
    func stringsLendUTF8(_ text: String) {
        #expect(lent(text) == Array(text.utf8))
        #expect(lent(text.dropFirst()) == Array(text.dropFirst().utf8))
        #expect(lent(Substring(text)) == Array(text.utf8))
    }

    @Test func staticStringsLendUTF8() {
        #expect(lent("hello" as StaticString) == Array("hello".utf8))
        #expect(lent("" as StaticString) == [])
        #expect(lent("ü€" as StaticString) == Array("ü€".utf8))
        let scalar = StaticString(unicodeScalarLiteral: "€")
        #expect(lent(scalar) == Array("€".utf8))
    }

    @Test func anEmbeddedZeroIsAByteLikeOthers() {
        #expect(lent("a\0b") == [97, 0, 98])
        #expect(lent("a\0b" as StaticString) == [97, 0, 98])
    }

    @Test func ownTypesLendTheirBytes() {
        #expect(lent(OwnBytes(bytes: [4, 5])) == [4, 5])
    }

    @Test func scatteredCollectionsAreCopiedTogether() {
        let bytes = ScatteredBytes(pieces: [[1, 2], [], [3], [4, 5, 6]])
        #expect(bytes.withContiguousBytes { [UInt8]($0) } == [1, 2, 3, 4, 5, 6])
    }

    @Test func contiguousCollectionsAreNotCopied() {
        let array: [UInt8] = [1, 2, 3]
        array.withUnsafeBytes { own in
            let address = array.withContiguousBytes { $0.baseAddress }
            #expect(address == own.baseAddress)
        }
    }

    @Test func errorsPassThrough() {
        #expect(throws: Mishap("inside")) {
            try "text".withUnsafeBytes { _ in throw Mishap("inside") }
        }
        #expect(throws: Mishap("scattered")) {
            try ScatteredBytes(pieces: [[1]]).withContiguousBytes { _ in throw Mishap("scattered") }
        }
    }

    @Test func arrayCopiesARawSpan() {
        let source: [UInt8] = [5, 6, 7]
        #expect([UInt8](source.span.bytes) == source)
    }
}
