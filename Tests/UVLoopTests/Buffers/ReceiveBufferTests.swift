import Testing

@testable import UVLoop

extension ReceiveBuffer {
    /// What is there, as an array.
    var contents: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    /// Where the first byte lies; nil if there is none.
    var address: UnsafeRawPointer? { withUnsafeBytes { $0.isEmpty ? nil : $0.baseAddress } }

    /// Puts a copy of the bytes at the end.
    mutating func append(_ bytes: some ByteContainer) { bytes.withUnsafeBytes { append($0) } }
}

/// `== true` and `== false` because `#expect` cannot take apart what is not copyable.
@Suite struct ReceiveBufferTests {
    // MARK: Putting in

    @Test func aNewOneIsEmptyAndTakesNoMemory() {
        let buffer = ReceiveBuffer()
        #expect(buffer.isEmpty == true)
        #expect(buffer.count == 0)
        #expect(buffer.limit == 65_536)
        #expect(buffer.freeCount == 65_536)
        #expect(buffer.isFull == false)
        #expect(buffer.capacity == 0)
        #expect(buffer.contents == [])
        #expect(MemoryLayout<ReceiveBuffer>.size <= 5 * MemoryLayout<Int>.size)
    }

    @Test func nothingPutInTakesNoMemory() {
        var buffer = ReceiveBuffer()
        #expect(buffer.reserve(0).count == 0)
        buffer.commit(0)
        buffer.append([UInt8]())
        #expect(buffer.takeAll() == [])
        buffer.removeFirst(0)
        buffer.removeAll()
        buffer.shrink()
        buffer.releaseMemoryIfEmpty()
        #expect(buffer.firstIndex(of: 0) == nil)
        #expect(buffer.firstIndex(of: "x") == nil)
        #expect(buffer.capacity == 0)
    }

    @Test func whatIsCommittedIsThere() {
        var buffer = ReceiveBuffer()
        let room = buffer.reserve(5)
        #expect(room.count >= 5)
        room.copyBytes(from: [1, 2, 3, 4, 5])
        #expect(buffer.isEmpty == true)
        buffer.commit(3)
        #expect(buffer.contents == [1, 2, 3])
        buffer.commit(2)
        #expect(buffer.contents == [1, 2, 3, 4, 5])
        #expect(buffer.count == 5)
        #expect(buffer.isEmpty == false)
        #expect(buffer.freeCount == 65_531)
    }

    @Test func theRoomIsWhereTheBytesThenAre() {
        var buffer = ReceiveBuffer()
        buffer.append([9, 9])
        let room = buffer.reserve(4)
        #expect(room.baseAddress.map { UnsafeRawPointer($0) } == buffer.address! + 2)
        room.copyBytes(from: [1, 2, 3, 4])
        buffer.commit(4)
        #expect(buffer.contents == [9, 9, 1, 2, 3, 4])
    }

    @Test func roomThatIsNotCommittedIsNotThere() {
        var buffer = ReceiveBuffer()
        buffer.append("kept")
        buffer.reserve(4).copyBytes(from: "lost".utf8)
        buffer.reserve(4).copyBytes(from: "come".utf8)
        buffer.commit(4)
        #expect(buffer.contents == Array("keptcome".utf8))
    }

    @Test func spansAndRawBuffersAreAppended() {
        var buffer = ReceiveBuffer()
        let bytes: [UInt8] = [1, 2, 3]
        buffer.append(bytes.span.bytes)
        bytes.withUnsafeBytes { buffer.append($0) }
        #expect(buffer.contents == [1, 2, 3, 1, 2, 3])
    }

    // MARK: The limit

    @Test func theRoomEndsAtTheLimit() {
        var buffer = ReceiveBuffer(limit: 10)
        #expect(buffer.reserve(1).count == 10)
        buffer.append([UInt8](repeating: 7, count: 7))
        #expect(buffer.freeCount == 3)
        #expect(buffer.reserve(1).count == 3)
        buffer.append([8, 8, 8])
        #expect(buffer.isFull == true)
        #expect(buffer.freeCount == 0)
        #expect(buffer.reserve(0).count == 0)
        buffer.removeFirst(4)
        #expect(buffer.isFull == false)
        #expect(buffer.reserve(1).count == 4)
    }

    @Test func whatIsDemandedExceedsTheLimit() {
        var buffer = ReceiveBuffer(limit: 10)
        buffer.append([UInt8](repeating: 7, count: 10))
        #expect(buffer.reserve(5).count == 5)
        buffer.append([UInt8](repeating: 8, count: 100))
        #expect(buffer.count == 110)
        #expect(buffer.isFull == true)
        #expect(buffer.freeCount == 0)
        #expect(buffer.take(11).last == 8)
    }

    @Test func theRoomEndsAtTheLimitInLargeMemoryToo() {
        var buffer = ReceiveBuffer(limit: 1_000)
        buffer.append([UInt8](repeating: 7, count: 1_500))
        buffer.removeFirst(700)
        #expect(buffer.reserve(1).count == 200)
    }

    @Test func theLimitCanBeChanged() {
        var buffer = ReceiveBuffer(limit: 10)
        buffer.append([1, 2, 3, 4, 5, 6])
        buffer.limit = 4
        #expect(buffer.contents == [1, 2, 3, 4, 5, 6])
        #expect(buffer.isFull == true)
        #expect(buffer.freeCount == 0)
        buffer.limit = 5_000
        #expect(buffer.freeCount == 4_994)
        #expect(buffer.reserve(5).count >= 4_000)
    }

    @Test func aLimitOfZeroHoldsOnlyWhatIsDemanded() {
        var buffer = ReceiveBuffer(limit: 0)
        #expect(buffer.isFull == true)
        #expect(buffer.reserve(0).count == 0)
        #expect(buffer.reserve(1).count == 1)
        buffer.append([5, 6])
        #expect(buffer.takeAll() == [5, 6])
        #expect(buffer.capacity == 0)
    }

    @Test func thereNeedBeNoLimit() {
        var buffer = ReceiveBuffer(limit: .max)
        for number in 0..<100 { buffer.append([UInt8](repeating: UInt8(number), count: 1_000)) }
        buffer.removeFirst(99_000)
        #expect(buffer.reserve(1).count >= 1)
        #expect(buffer.takeAll() == [UInt8](repeating: 99, count: 1_000))
    }

    // MARK: Taking out

    @Test func bytesAreTakenFromTheFront() {
        var buffer = ReceiveBuffer()
        buffer.append([1, 2, 3, 4, 5, 6])
        #expect(buffer.take(2) == [1, 2])
        buffer.removeFirst(1)
        #expect(buffer.contents == [4, 5, 6])
        #expect(buffer.take(0) == [])
        #expect(buffer.takeAll() == [4, 5, 6])
        #expect(buffer.isEmpty == true)
        buffer.append([7, 8])
        buffer.removeAll()
        #expect(buffer.isEmpty == true)
        buffer.append([9])
        #expect(buffer.takeAll() == [9])
    }

    @Test func takingMovesNothing() {
        var buffer = ReceiveBuffer()
        buffer.append([UInt8](repeating: 1, count: 10_000))
        let address = buffer.address!
        for removed in 1..<10_000 {
            buffer.removeFirst(1)
            #expect(buffer.address == address + removed)
        }
    }

    @Test func anEmptyOneBeginsAtTheFrontAgain() {
        var buffer = ReceiveBuffer()
        buffer.append([1])
        let front = buffer.address
        for _ in 0..<10 {
            buffer.append([UInt8](repeating: 2, count: 100))
            buffer.removeAll()
            buffer.append([3])
            #expect(buffer.address == front)
        }
    }

    // MARK: Looking

    @Test func theBytesAreLentInPlace() {
        var buffer = ReceiveBuffer()
        buffer.append([1, 2, 3, 4])
        buffer.removeFirst(1)
        let sum = buffer.withBytes { span in
            (0..<span.byteCount).reduce(0) {
                $0 + Int(span.unsafeLoad(fromByteOffset: $1, as: UInt8.self))
            }
        }
        #expect(sum == 9)
        #expect(
            buffer.withBytes { span in span.withUnsafeBytes { $0.baseAddress } } == buffer.address)
        buffer.removeAll()
        #expect(buffer.withBytes { $0.byteCount } == 0)
        #expect(buffer.withUnsafeBytes { $0.count } == 0)
    }

    @Test func errorsPassThrough() {
        var buffer = ReceiveBuffer()
        buffer.append("text")
        #expect(throws: Mishap("inside")) {
            try buffer.withUnsafeBytes { _ in throw Mishap("inside") }
        }
        #expect(throws: Mishap("inside")) { try buffer.withBytes { _ in throw Mishap("inside") } }
        #expect(buffer.count == 4)
    }
}
