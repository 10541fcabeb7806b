import Testing

@testable import UVLoop

@Suite struct InboxTests {
    private func numbers(_ entries: ContiguousArray<ReadyEntry>) -> [Int] {
        entries.compactMap {
            guard case .function(_, let context) = $0 else { return nil }
            return Int(bitPattern: context)
        }
    }

    private func entry(_ number: Int) -> ReadyEntry {
        .function({ _ in }, UnsafeMutableRawPointer(bitPattern: number))
    }

    @Test func takesAllInTheirOrder() async throws {
        try await withLoop { loop in
            let inbox = loop.core.inbox
            var spare: ContiguousArray<ReadyEntry> = []
            #expect(inbox.isEmpty)
            for number in 1...100 { #expect(inbox.post(entry(number))) }
            #expect(!inbox.isEmpty)
            inbox.take(into: &spare)
            #expect(inbox.isEmpty && numbers(spare) == Array(1...100))
            spare.removeAll()
            inbox.take(into: &spare)
            #expect(spare.isEmpty)
        }
    }

    @Test func doesNotSleepOverWork() async throws {
        try await withLoop { loop in
            let inbox = loop.core.inbox
            var spare: ContiguousArray<ReadyEntry> = []
            #expect(inbox.prepareToSleep())
            inbox.wokeUp()
            #expect(inbox.post(entry(1)))
            #expect(!inbox.prepareToSleep())
            inbox.take(into: &spare)
            #expect(inbox.prepareToSleep())
            #expect(inbox.post(entry(2)))
            #expect(!inbox.prepareToSleep())
            inbox.wokeUp()
            spare.removeAll()
            inbox.take(into: &spare)
        }
    }

    @Test func closedItTakesNoMoreAndKeepsWhatItHas() async throws {
        try await withLoop { loop in
            let inbox = loop.core.inbox
            #expect(inbox.post(entry(1)))
            inbox.close()
            inbox.close()
            #expect(!inbox.post(entry(2)))
            var spare: ContiguousArray<ReadyEntry> = []
            inbox.take(into: &spare)
            #expect(numbers(spare) == [1])
        }
    }

    @Test func threadsAgainstASleeper() async throws {
        try await withLoop { loop in
            let inbox = loop.core.inbox
            let (threads, posts) = (3, 5_000)
            for thread in 0..<threads {
                startThread {
                    for number in 1...posts {
                        precondition(
                            inbox.post(
                                .function(
                                    { _ in },
                                    UnsafeMutableRawPointer(
                                        bitPattern: thread * posts + number))))
                    }
                }
            }
            var seen: [Int] = []
            var spare: ContiguousArray<ReadyEntry> = []
            while seen.count < threads * posts {
                _ = inbox.prepareToSleep()
                inbox.wokeUp()
                inbox.take(into: &spare)
                seen += numbers(spare)
                spare.removeAll()
            }
            for thread in 0..<threads {
                let own = seen.filter { ($0 - 1) / posts == thread }
                #expect(own == Array(thread * posts + 1...(thread + 1) * posts))
            }
        }
    }
}
