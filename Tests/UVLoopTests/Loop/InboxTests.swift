import Testing

@testable import UVLoop

@Suite struct InboxTests {
    /// The numbers of the entries in a batch, which is empty afterwards.
    private static func numbers(takenFrom batch: inout ReadyBatch) -> [Int] {
        var queue = ReadyQueue()
        batch.moveAll(to: &queue)
        var numbers: [Int] = []
        while let entry = queue.takeFirst(before: queue.tail) {
            if case .function(_, let context) = entry { numbers.append(Int(bitPattern: context)) }
        }
        return numbers
    }

    private static func take(_ inbox: Inbox) -> [Int] {
        var batch = ReadyBatch()
        inbox.take(into: &batch, waits: false)
        return numbers(takenFrom: &batch)
    }

    private static func entry(_ number: Int) -> ReadyEntry {
        .function({ _ in }, UnsafeMutableRawPointer(bitPattern: number))
    }

    @Test func takesAllInTheirOrder() async throws {
        try await withLoop { loop in
            let inbox = loop.core.inbox
            #expect(inbox.isEmpty)
            for number in 1...10_000 { #expect(inbox.post(Self.entry(number))) }
            #expect(!inbox.isEmpty)
            #expect(Self.take(inbox) == Array(1...10_000))
            #expect(inbox.isEmpty)
            #expect(Self.take(inbox) == [])
        }
    }

    @Test func doesNotSleepOverWork() async throws {
        try await withLoop { loop in
            let inbox = loop.core.inbox
            #expect(inbox.prepareToSleep())
            inbox.wokeUp()
            #expect(inbox.post(Self.entry(1)))
            #expect(!inbox.prepareToSleep())
            #expect(Self.take(inbox) == [1])
            #expect(inbox.prepareToSleep())
            #expect(inbox.post(Self.entry(2)))
            #expect(!inbox.prepareToSleep())
            inbox.wokeUp()
            #expect(Self.take(inbox) == [2])
        }
    }

    @Test func closedItTakesNoMoreAndGivesOutWhatItHas() async throws {
        try await withLoop { loop in
            let inbox = loop.core.inbox
            #expect(inbox.post(Self.entry(1)))
            var batch = ReadyBatch()
            inbox.close(takingInto: &batch)
            #expect(!inbox.post(Self.entry(2)))
            #expect(inbox.isEmpty)
            #expect(Self.numbers(takenFrom: &batch) == [1])
        }
    }

    @Test func threadsAgainstASleeper() async throws {
        try await withLoop { loop in
            let inbox = loop.core.inbox
            let (threads, posts) = (3, 5_000)
            for thread in 0..<threads {
                startThread {
                    for number in 1...posts {
                        precondition(inbox.post(Self.entry(thread * posts + number)))
                    }
                }
            }
            var seen: [Int] = []
            while seen.count < threads * posts {
                _ = inbox.prepareToSleep()
                inbox.wokeUp()
                seen += Self.take(inbox)
            }
            for thread in 0..<threads {
                let own = seen.filter { ($0 - 1) / posts == thread }
                #expect(own == Array(thread * posts + 1...(thread + 1) * posts))
            }
        }
    }
}
