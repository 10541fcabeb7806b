import Testing

@testable import UVLoop

/// How much memory a buffer holds, and how much it moves.
@Suite struct ReceiveBufferMemoryTests {
    // MARK: Growing

    @Test func littleIsTakenAtFirst() {
        var buffer = ReceiveBuffer()
        #expect(buffer.reserve(1).count == 4_096)
        #expect(buffer.capacity == 4_096)
        var small = ReceiveBuffer(limit: 100)
        #expect(small.reserve(1).count == 100)
        var large = ReceiveBuffer()
        #expect(large.reserve(50_000).count == 50_000)
    }

    @Test func itDoublesUpToTheLimit() {
        var buffer = ReceiveBuffer(limit: 40_000)
        var capacities: [Int] = []
        for _ in 0..<40_000 {
            buffer.append([1])
            if capacities.last != buffer.capacity { capacities.append(buffer.capacity) }
        }
        #expect(capacities == [4_096, 8_192, 16_384, 32_768, 40_000])
        #expect(buffer.count == 40_000)
    }

    @Test func readsThatFillItMakeItGrow() {
        var buffer = ReceiveBuffer()
        var rooms: [Int] = []
        for _ in 0..<7 {
            let room = buffer.reserve(1).count
            rooms.append(room)
            buffer.commit(room)
            buffer.removeAll()
        }
        #expect(rooms == [4_096, 8_192, 16_384, 32_768, 65_536, 65_536, 65_536])
    }

    @Test func readsThatDoNotFillItLeaveItSmall() {
        var buffer = ReceiveBuffer()
        for _ in 0..<1_000 {
            let room = buffer.reserve(1).count
            #expect(room >= 2_048)
            buffer.commit(min(room - 1, 1_500))
            buffer.removeFirst(buffer.count - 10)
        }
        #expect(buffer.capacity == 4_096)
    }

    @Test func aDemandIsMetExactly() {
        var buffer = ReceiveBuffer()
        buffer.append([1, 2, 3])
        #expect(buffer.reserve(1_000_000).count == 1_000_000)
        #expect(buffer.capacity == 1_000_003)
        #expect(buffer.contents == [1, 2, 3])
    }

    // MARK: Giving back

    @Test func memoryBeyondTheLimitGoesWithTheLastByte() {
        var buffer = ReceiveBuffer()
        buffer.append([UInt8](repeating: 1, count: 100_000))
        buffer.removeFirst(99_999)
        #expect(buffer.capacity == 100_000)
        buffer.removeFirst(1)
        #expect(buffer.capacity == 0)
    }

    @Test func memoryWithinTheLimitStays() {
        var buffer = ReceiveBuffer()
        buffer.append([UInt8](repeating: 1, count: 60_000))
        buffer.removeAll()
        #expect(buffer.capacity == 60_000)
        buffer.releaseMemoryIfEmpty()
        #expect(buffer.capacity == 0)
    }

    @Test func memoryFarBeyondTheLimitGoesAlsoIfItIsNeverEmpty() {
        var buffer = ReceiveBuffer(limit: 1_000)
        buffer.append([UInt8](repeating: 1, count: 100_000))
        buffer.removeFirst(99_990)
        #expect(buffer.capacity == 100_000)
        #expect(buffer.reserve(1).count == 990)
        #expect(buffer.capacity == 1_000)
        #expect(buffer.contents == [UInt8](repeating: 1, count: 10))
    }

    @Test func roomThatWasDemandedIsKeptUntilItWasUsed() {
        var buffer = ReceiveBuffer(limit: 1_000)
        _ = buffer.reserve(100_000)
        for _ in 0..<99 {
            buffer.append([UInt8](repeating: 1, count: 1_000))
            #expect(buffer.capacity == 100_000)
        }
        #expect(buffer.count == 99_000)
    }

    @Test func aLowerLimitGivesBackWhatIsEmpty() {
        var buffer = ReceiveBuffer()
        buffer.append([UInt8](repeating: 1, count: 60_000))
        buffer.limit = 100
        #expect(buffer.capacity == 60_000)
        buffer.removeAll()
        #expect(buffer.capacity == 0)
        buffer.limit = 1_000
        buffer.append([1])
        buffer.removeAll()
        #expect(buffer.capacity == 1_000)
        buffer.limit = 999
        #expect(buffer.capacity == 0)
    }

    @Test func onlyEmptyMemoryIsReleased() {
        var buffer = ReceiveBuffer()
        buffer.append([1, 2])
        buffer.releaseMemoryIfEmpty()
        #expect(buffer.contents == [1, 2])
        #expect(buffer.capacity == 4_096)
    }

    @Test func shrinkingLeavesRoomForWhatIsThere() {
        var buffer = ReceiveBuffer()
        buffer.append([1, 2, 3, 4])
        buffer.removeFirst(1)
        buffer.shrink()
        #expect(buffer.capacity == 3)
        #expect(buffer.contents == [2, 3, 4])
        let address = buffer.address
        buffer.shrink()
        #expect(buffer.address == address)
        buffer.append([5])
        #expect(buffer.takeAll() == [2, 3, 4, 5])
        buffer.shrink()
        #expect(buffer.capacity == 0)
    }

    @Test func theMemoryIsFreed() async {
        await #expect(processExitsWith: .success) {
            func use(_ rounds: Int) {
                for _ in 0..<rounds {
                    var buffer = ReceiveBuffer()
                    buffer.append([UInt8](repeating: 1, count: 1_000_000))
                    buffer.removeFirst(999_999)
                    buffer.reserve(1)[0] = 2
                    buffer.shrink()
                    buffer.append([UInt8](repeating: 3, count: 1_000_000))
                }
            }
            use(10)
            let before = residentByteCount()
            use(200)
            #expect(residentByteCount() - before < 100_000_000)
        }
    }

    // MARK: Moving

    /// A buffer that is watched for moves: its bytes have moved if they lie somewhere else.
    struct Watched: ~Copyable {
        var buffer: ReceiveBuffer
        private(set) var putIn = 0
        private(set) var moved = 0

        init(limit: Int) { buffer = ReceiveBuffer(limit: limit) }

        mutating func put(_ count: Int, minimum: Int = 1) {
            let (before, held) = (buffer.address, buffer.count)
            let room = buffer.reserve(minimum)
            if buffer.address != before { moved += held }
            let count = min(count, room.count)
            buffer.commit(count)
            putIn += count
        }

        mutating func remove(_ count: Int) {
            let before = buffer.address
            buffer.removeFirst(min(count, buffer.count))
            if let after = buffer.address, after != before! + count { moved += .max / 2 }
        }
    }

    /// Some bytes are always held back, and a step is put in and removed, again and again: with
    /// nearly as many bytes as the limit allows, sliding each time would move the most.
    @Test(arguments: [64, 1_000, 4_096, 5_000, 65_536, 100_000])
    func whatIsMovedIsLinearInWhatIsPutIn(_ limit: Int) {
        for held in [0, 1, limit / 3, limit / 2, limit / 2 + 1, limit - limit / 10, limit - 1] {
            for step in [1, 7, limit / 10, limit / 3, limit - held] where step > 0 {
                var watched = Watched(limit: limit)
                while watched.buffer.count < held { watched.put(held - watched.buffer.count) }
                for _ in 0..<min(5_000, 20 * limit / step) {
                    watched.put(step)
                    watched.remove(watched.buffer.count - held)
                    #expect(watched.buffer.capacity <= 2 * limit)
                }
                #expect(watched.moved <= 4 * watched.putIn, "held \(held), step \(step)")
            }
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func whatIsMovedAtRandomIsLinearToo(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limit = 1 + Int(random.magnitude(bits: 14))
        var watched = Watched(limit: limit)
        for _ in 0..<2_000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                // A demand, within the limit and beyond it, that is met.
                let count = 1 + Int(random.magnitude(bits: 15))
                if watched.buffer.count < 4 * limit { watched.put(count, minimum: count) }
            case 1: watched.put(1 + Int(random.magnitude(bits: 14)))
            default: watched.remove(Int.random(in: 0...watched.buffer.count, using: &random))
            }
        }
        #expect(watched.moved <= 4 * watched.putIn)
    }
}
