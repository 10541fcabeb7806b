import Testing

@testable import UVLoop

/// The ring against an array.
@Suite struct ReadyQueueTests {
    /// An entry that says its number when it is asked.
    private static func entry(_ number: Int) -> ReadyEntry {
        .function({ _ in }, UnsafeMutableRawPointer(bitPattern: number + 1))
    }

    private static func number(of entry: ReadyEntry) -> Int? {
        guard case .function(_, let context) = entry else { return nil }
        return Int(bitPattern: context) - 1
    }

    @Test(arguments: 0..<20)
    func againstAModel(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var queue = ReadyQueue()
        // In the model a cancelled entry is a nil.
        var model: [(key: UInt, number: Int?)] = []
        var made = 0
        for _ in 0..<400 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0...3:
                for _ in 0..<Int(generator.magnitude(bits: 10)) {
                    model.append((queue.append(Self.entry(made)), made))
                    made += 1
                }
            case 4...6:
                for _ in 0..<Int(generator.magnitude(bits: 10)) {
                    let entry = queue.takeFirst(before: queue.tail)
                    guard !model.isEmpty else {
                        #expect(entry == nil)
                        break
                    }
                    let expected = model.removeFirst()
                    #expect(entry.flatMap(Self.number) == expected.number)
                    let isWaiting = queue.isWaiting(expected.key)
                    #expect(entry != nil && !isWaiting)
                }
            case 7...8:
                guard !model.isEmpty else { continue }
                let index = Int.random(in: 0..<model.count, using: &generator)
                let wasWaiting = queue.isWaiting(model[index].key)
                let cancelled = queue.cancel(model[index].key)
                #expect(wasWaiting == (model[index].number != nil))
                #expect(cancelled.flatMap(Self.number) == model[index].number)
                model[index].number = nil
            default:
                queue.shrinkIfIdle()
            }
            let isEmpty = queue.isEmpty
            #expect(isEmpty == model.isEmpty)
        }
    }

    @Test func callsWaitForTheirTurnAndJobsDoNot() {
        var queue = ReadyQueue()
        queue.append(Self.entry(1))
        let end = queue.tail
        queue.append(Self.entry(2))
        let first = queue.takeFirst(before: end)
        let second = queue.takeFirst(before: end)
        #expect(first != nil && second == nil)
        let third = queue.takeFirst(before: queue.tail)
        #expect(third.flatMap(Self.number) == 2)
        #expect(!Self.entry(1).isJob && !ReadyEntry.cancelled.isJob)
        #expect(!ReadyEntry.closure {}.isJob && !ReadyEntry.posted(PostedCall { _ in }).isJob)
    }

    @Test func numbersOfOtherEntriesAreNotWaiting() {
        var queue = ReadyQueue()
        let strangers: [UInt] = [0, 1, UInt.max, UInt.max / 2]
        for number in strangers {
            let isWaiting = queue.isWaiting(number)
            let cancelled = queue.cancel(number)
            #expect(!isWaiting && cancelled == nil)
        }
    }

    @Test func knowsWhatHasBeenTaken() {
        var queue = ReadyQueue()
        let start = queue.tail
        for number in 0..<10 { queue.append(Self.entry(number)) }
        let end = queue.tail
        let before = (queue.hasTakenAll(before: start), queue.hasTakenAll(before: end))
        for _ in 0..<9 { _ = queue.takeFirst(before: end) }
        let almost = queue.hasTakenAll(before: end)
        _ = queue.takeFirst(before: end)
        let after = queue.hasTakenAll(before: end)
        #expect(before == (true, false) && !almost && after)
    }

    @Test func whatIsLeftIsReleasedOnce() {
        var deaths = 0
        do {
            var queue = ReadyQueue()
            for number in 0..<1_000 {
                let canary = Canary { deaths += 1 }
                queue.append(.closure { _ = canary })
                if number % 10 == 0 { _ = queue.takeFirst(before: queue.tail) }
            }
            #expect(deaths == 100)
        }
        #expect(deaths == 1_000)
    }
}
