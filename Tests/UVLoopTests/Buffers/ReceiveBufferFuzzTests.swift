import Testing

@testable import UVLoop

/// Any operations in any order, against an array that does the same.
@Suite struct ReceiveBufferFuzzTests {
    /// The buffer, and what ought to be in it.
    private struct Pair: ~Copyable {
        var buffer: ReceiveBuffer
        var model: [UInt8] = []
        var random: SeededGenerator

        init(seed: UInt64) {
            random = SeededGenerator(seed: seed)
            buffer = ReceiveBuffer(limit: Int(random.magnitude(bits: 15)))
        }

        /// A number, mostly small.
        mutating func number() -> Int { Int(random.magnitude(bits: 13)) }
        mutating func number(upTo bound: Int) -> Int { Int.random(in: 0...bound, using: &random) }

        /// Bytes in which delimiters are likely.
        mutating func bytes(_ count: Int) -> [UInt8] { random.bytes(count).map { $0 % 3 } }

        mutating func fill() {
            let minimum = number()
            let (limit, before) = (buffer.limit, buffer.capacity)
            let room = buffer.reserve(minimum)
            let needed = model.count + minimum
            #expect(room.count >= minimum)
            #expect(model.count + room.count <= max(limit, needed))
            #expect(buffer.capacity >= model.count + room.count)
            if buffer.capacity != before { #expect(buffer.capacity <= 2 * max(limit, needed)) }
            // What is not committed must not show; in two parts it is as good as in one.
            let bytes = bytes(room.count)
            room.copyBytes(from: bytes)
            let first = number(upTo: room.count)
            buffer.commit(first)
            let second = random.chance(1, in: 3) ? number(upTo: room.count - first) : 0
            buffer.commit(second)
            model += bytes[..<(first + second)]
        }

        mutating func append() {
            let bytes = bytes(number())
            if random.chance(1, in: 2) {
                buffer.append(bytes)
            } else {
                buffer.append(bytes.span.bytes)
            }
            model += bytes
        }

        mutating func remove() {
            let count = random.chance(1, in: 5) ? model.count : number(upTo: model.count)
            let removed = Array(model[..<count])
            model.removeFirst(count)
            switch number(upTo: 2) {
            case 0: #expect(buffer.take(count) == removed)
            case 1 where model.isEmpty: #expect(buffer.takeAll() == removed)
            case 2 where model.isEmpty: buffer.removeAll()
            default: buffer.removeFirst(count)
            }
            if model.isEmpty { #expect(buffer.capacity <= buffer.limit) }
        }

        mutating func search() {
            let from = random.chance(1, in: 2) ? 0 : number(upTo: model.count)
            let byte = UInt8(number(upTo: 3))
            #expect(buffer.firstIndex(of: byte, from: from) == model[from...].firstIndex(of: byte))
            let delimiter = bytes(number(upTo: 6))
            let place = ReceiveBufferSearchTests.place(of: delimiter, in: model, from: from)
            #expect(buffer.firstIndex(of: delimiter, from: from) == place)
        }

        mutating func tidy() {
            switch number(upTo: 9) {
            case 0: buffer.limit = Int(random.magnitude(bits: 15))
            case 1...3:
                buffer.shrink()
                #expect(buffer.capacity == model.count)
            case 4...6:
                buffer.releaseMemoryIfEmpty()
                if model.isEmpty { #expect(buffer.capacity == 0) }
            default: break
            }
        }

        mutating func step() {
            switch number(upTo: 19) {
            case 0...5: fill()
            case 6...7: append()
            case 8...14: remove()
            case 15...17: search()
            default: tidy()
            }
        }

        func check() {
            #expect(buffer.count == model.count)
            #expect(buffer.isEmpty == model.isEmpty)
            #expect(buffer.isFull == (model.count >= buffer.limit))
            #expect(buffer.freeCount == max(0, buffer.limit - model.count))
            #expect(buffer.capacity >= model.count)
            let isEqual = buffer.withUnsafeBytes { bytes in
                model.withUnsafeBytes { bytes.elementsEqual($0) }
            }
            #expect(isEqual)
        }
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func itBehavesLikeAnArray(_ seed: UInt64) {
        var pair = Pair(seed: seed)
        for _ in 0..<600 {
            pair.step()
            pair.check()
        }
    }
}
