import StreamConformance
import Synchronization
import Testing

@testable import UVLoop

/// The machinery of the suite: which checks there are, and how they report.
@Suite(.timeLimit(.minutes(5))) struct StreamSuiteTests {
    /// The sending end of a stream in memory, and nothing else.
    private struct Sender: SendStream {
        let base: MemoryStream

        nonisolated(nonsending) func send(_ bytes: some ByteContainer & Sendable) async throws {
            try await base.send(bytes)
        }
        nonisolated(nonsending) func waitForRoom() async throws { try await base.waitForRoom() }
        nonisolated(nonsending) func close() async throws { try await base.close() }
        func abort() { base.abort() }
    }

    /// The receiving end.
    private struct Receiver: ReceiveStream {
        let base: MemoryStream

        nonisolated(nonsending) func receive(upTo limit: Int) async throws -> [UInt8]? {
            try await base.receive(upTo: limit)
        }
        nonisolated(nonsending) func close() async throws { try await base.close() }
        func abort() { base.abort() }
    }

    @Test func streamsInOneDirection() async throws {
        let suite = StreamSuite(
            oneWay: {
                let (first, second) = MemoryStream.pair()
                return (Sender(base: first), Receiver(base: second))
            },
            cloggedPair: {
                let (first, second) = try await ConformanceTests.cloggedPair()
                return (Sender(base: first), Receiver(base: second))
            })
        #expect(Set(suite.checks.map(\.group)) == [.oneWay, .clogged])
        try await suite.run()
    }

    @Test func whichChecksThereAre() throws {
        let whole = ConformanceTests.memory.checks
        #expect(Set(whole.map(\.id)).count == whole.count)
        #expect(Set(whole.map(\.group)) == Set(StreamCheck.Group.allCases))
        let forward = whole.filter { $0.name.hasSuffix(" (first to second)") }
        let backward = whole.filter { $0.name.hasSuffix(" (second to first)") }
        #expect(forward.count == backward.count)
        #expect(forward.count > 25)

        let unclogged = StreamSuite(pair: { MemoryStream.pair() }).checks
        #expect(unclogged.count < whole.count)
        #expect(Set(unclogged.map(\.group)) == [.oneWay, .twoWay, .halfCloseable])
    }

    /// Nothing in the suite needs a second thread.
    @Test func everythingOnOneLoop() async throws {
        let thread = try EventLoopThread(name: "conformance")
        for var suite in [ConformanceTests.memory, ConformanceTests.lockstep] {
            suite.executor = thread.loop.loopTaskExecutor
            try await suite.run()
        }
        await thread.shutdown()
    }

    @Test func aHangIsNamed() async throws {
        var suite = StreamSuite(pair: {
            var (first, second) = (Mutant(MemoryStream.pair().0), Mutant(MemoryStream.pair().0))
            first.closing = { _ in try await forEver() }
            second.closing = first.closing
            return (first, second)
        })
        suite.limit = .milliseconds(50)
        let name = "closing after an abort is nothing (first to second)"
        let check = try #require(suite.checks.first { $0.name == name })
        let violation = try #require(
            await #expect(throws: ConformanceViolation.self) { try await check.run() })
        #expect(violation.behaviour == check.name)
        #expect(violation.expected == "close of the sender to end")
        #expect(violation.actual.hasPrefix("it has not after"))
        #expect(violation.fileID == "StreamConformance/ClosingBehaviours.swift")
        #expect("\(violation)".contains("\(violation.fileID):\(violation.line)"))
    }

    @Test func aRunStopsAtTheFirstViolation() async throws {
        let made = Counter()
        let suite = StreamSuite(pair: {
            made.increment()
            let (first, second) = MemoryStream.pair()
            first.abort()
            return (first, second)
        })
        let violation = await #expect(throws: ConformanceViolation.self) { try await suite.run() }
        #expect(violation?.behaviour == suite.checks[0].name)
        #expect(made.value == 1)
    }

    @Test func whatTheMakerThrowsComesThrough() async throws {
        let suite = StreamSuite(pair: { () async throws -> (MemoryStream, MemoryStream) in
            throw Planned(number: 7)
        })
        for check in suite.checks {
            await #expect(throws: Planned(number: 7)) { try await check.run() }
        }
    }

    /// Whatever is left of a pair is ended, of a check that fails, too.
    @Test func pairsAreAborted() async throws {
        let aborts = Counter()
        let suite = StreamSuite(pair: {
            let (first, second) = MemoryStream.pair()
            var mutant = Mutant(first)
            mutant.receiving = { _, _ in [] }
            mutant.aborting = {
                aborts.increment()
                $0.abort()
            }
            return (mutant, second)
        })
        for check in suite.checks.prefix(2) {
            let before = aborts.value
            try? await check.run()
            #expect(aborts.value > before)
        }
    }

    @Test func aCancelledRunEnds() async throws {
        let isMaking = AsyncGate()
        let suite = StreamSuite(pair: { () async throws -> (MemoryStream, MemoryStream) in
            isMaking.open()
            try? await forEver()
            return MemoryStream.pair()
        })
        let running = Task { try await suite.run() }
        await isMaking.wait()
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }
}
