import Testing

@testable import UVLoop

/// The life of a connection as a value: every event in every state that events can lead to.
@Suite struct ConnectionStateTests {
    typealias Action = ConnectionState.Action

    /// What can happen to a connection; `nil` of ``apply(_:to:)`` means that it cannot now.
    enum Event: CaseIterable {
        case close, endWriting, flushed, shutDownEnded, endOfFile
        case keepOpen, doNotKeepOpen, abort, pause, resume
    }

    /// A state with what the transport owes to it.
    struct Walk: Hashable {
        var state: ConnectionState
        var isShuttingDown = false
        var owesAnswer = false
        var reports = 0
        var shutDowns = 0
        var finishes = 0

        static func == (left: Walk, right: Walk) -> Bool { left.key == right.key }
        func hash(into hasher: inout Hasher) { hasher.combine(key) }
        private var key: String {
            "\(state) \(isShuttingDown) \(owesAnswer) \(reports) \(shutDowns) \(finishes)"
        }

        /// Applies an event, if the transport could bring it in this situation.
        func after(_ event: Event) -> Walk? {
            var next = self
            switch event {
            case .close: next.take(next.state.close())
            case .endWriting: next.take(next.state.endWriting())
            case .flushed: next.take(next.state.flushed())
            case .shutDownEnded:
                guard isShuttingDown else { return nil }
                next.isShuttingDown = false
                next.take(next.state.shutDownEnded())
            case .endOfFile: next.take(next.state.endOfFile())
            case .keepOpen, .doNotKeepOpen:
                guard owesAnswer else { return nil }
                next.owesAnswer = false
                next.take(next.state.endOfFileAnswered(keepOpen: event == .keepOpen))
            case .abort:
                let isNews = next.state.abort()
                if isNews { next.finishes += 1 }
            case .pause: next.state.isReadingPaused = true
            case .resume: next.state.isReadingPaused = false
            }
            return next
        }

        private mutating func take(_ action: Action) {
            switch action {
            case .nothing, .flush, .drain: break
            case .reportEndOfFile:
                reports += 1
                owesAnswer = true
            case .shutDown:
                shutDowns += 1
                isShuttingDown = true
            case .finish: finishes += 1
            }
        }

        /// What never may be otherwise.
        var brokenRule: String? {
            let isClosed = state.phase == .closed
            if finishes != (isClosed ? 1 : 0) { return "finished \(finishes) times" }
            if reports > 1 { return "end of file reported \(reports) times" }
            if shutDowns > 1 { return "shut down \(shutDowns) times" }
            if isClosed, state.wantsReading || state.delivers || state.canWrite {
                return "at work after the end"
            }
            if state.delivers, state.isClosing { return "delivers after close" }
            if state.delivers, state.hasReadEnd { return "delivers after the end of file" }
            if state.canWrite, state.isClosing { return "writable after close" }
            if state.phase == .open, state.isReadingPaused, state.wantsReading {
                return "reads while paused"
            }
            if state.phase == .draining, state.hasReadEnd { return "drains what has ended" }
            if state.phase == .draining, state.writing != .ended { return "drains too early" }
            if state.reading == .never {
                if reports > 0 { return "reports the end of what never was" }
                if state.wantsReading || state.delivers { return "reads what is not there" }
                if shutDowns > 0 { return "shuts down a pipe" }
                if state.phase == .draining { return "waits for nothing" }
            }
            if state.writing == .never {
                if state.canWrite || shutDowns > 0 { return "writes where there is no way" }
                if state.phase == .flushing || state.phase == .draining {
                    return "waits for nothing"
                }
            }
            return nil
        }
    }

    private func allReachable(from first: Walk) -> (walks: Set<Walk>, broken: [String]) {
        var seen: Set<Walk> = [first]
        var pending = [first]
        var broken: [String] = []
        while let walk = pending.popLast() {
            for event in Event.allCases {
                guard let next = walk.after(event) else { continue }
                if let rule = next.brokenRule { broken.append("\(walk) \(event): \(rule)") }
                if walk.state.phase == .closed, next.state != walk.state,
                    event != .pause, event != .resume
                {
                    broken.append("\(event) changed a closed state")
                }
                if next.state.phase.rawValue < walk.state.phase.rawValue {
                    broken.append("\(walk) \(event): goes back")
                }
                if seen.insert(next).inserted { pending.append(next) }
            }
        }
        return (seen, broken)
    }

    @Test func everyReachableStateKeepsTheRules() {
        let (walks, broken) = allReachable(from: Walk(state: ConnectionState()))
        #expect(broken.prefix(3) == [])
        #expect(walks.count > 50)
        #expect(Set(walks.map(\.state.phase)).count == 4)
    }

    @Test(arguments: [ConnectionState.Directions.receiving, .sending])
    func oneDirectionKeepsTheRules(_ directions: ConnectionState.Directions) {
        let (walks, broken) = allReachable(from: Walk(state: ConnectionState(directions)))
        #expect(broken.prefix(3) == [])
        #expect(walks.count > 8)
        let kept =
            directions == .sending
            ? walks.allSatisfy { $0.state.reading == .never }
            : walks.allSatisfy { $0.state.writing == .never }
        #expect(kept)
    }

    /// Whoever closes gets to the end if the transport does what it is told.
    @Test(arguments: [ConnectionState.Directions.both, .receiving, .sending])
    func closingAlwaysArrives(_ directions: ConnectionState.Directions) {
        let (walks, _) = allReachable(from: Walk(state: ConnectionState(directions)))
        for walk in walks {
            guard var now = walk.after(.close) else { continue }
            for event in [Event.keepOpen, .flushed, .shutDownEnded, .endOfFile, .flushed] {
                now = now.after(event) ?? now
            }
            #expect(now.state.phase == .closed, "\(walk) got only to \(now)")
            #expect(now.finishes == 1)
        }
    }

    @Test func closeFlushesShutsDownDrainsAndFinishes() {
        var state = ConnectionState()
        #expect(state.close() == .flush)
        #expect(state.flushed() == .shutDown)
        #expect(state.shutDownEnded() == .drain)
        #expect(state.wantsReading)
        #expect(!state.delivers)
        #expect(state.endOfFile() == .finish)
        #expect(state.phase == .closed)
    }

    @Test func closeAfterThePeersEndNeedsNoDraining() {
        var state = ConnectionState()
        #expect(state.endOfFile() == .reportEndOfFile)
        #expect(state.endOfFileAnswered(keepOpen: true) == .nothing)
        #expect(state.close() == .flush)
        #expect(state.flushed() == .finish)
    }

    @Test func endOfFileWithoutKeepingOpenCloses() {
        var state = ConnectionState()
        #expect(state.endOfFile() == .reportEndOfFile)
        #expect(state.endOfFileAnswered(keepOpen: false) == .flush)
        #expect(state.isClosing)
        #expect(state.flushed() == .finish)
    }

    @Test func bothEndsReachedFinishInEitherOrder() {
        var peerFirst = ConnectionState()
        #expect(peerFirst.endOfFile() == .reportEndOfFile)
        #expect(peerFirst.endOfFileAnswered(keepOpen: true) == .nothing)
        #expect(peerFirst.endWriting() == .flush)
        #expect(peerFirst.flushed() == .shutDown)
        #expect(peerFirst.shutDownEnded() == .finish)

        var weFirst = ConnectionState()
        #expect(weFirst.endWriting() == .flush)
        #expect(weFirst.flushed() == .shutDown)
        #expect(weFirst.shutDownEnded() == .nothing)
        #expect(weFirst.delivers)
        #expect(weFirst.endOfFile() == .reportEndOfFile)
        #expect(weFirst.endOfFileAnswered(keepOpen: true) == .finish)
    }

    @Test func endWritingIsIdempotentAndReadingGoesOn() {
        var state = ConnectionState()
        #expect(state.endWriting() == .flush)
        #expect(state.endWriting() == .nothing)
        #expect(!state.canWrite)
        #expect(state.wantsReading)
        #expect(!state.isClosing)
    }

    @Test func aReadingEndClosesAtOnceAndEndsWithItsInput() {
        var state = ConnectionState(.receiving)
        #expect(state.wantsReading && state.delivers)
        #expect(!state.canWrite && state.refusalToWrite == .notSupported)
        #expect(state.endWriting() == .nothing)
        var closed = state
        #expect(closed.close() == .finish)
        #expect(closed.phase == .closed)
        for keepOpen in [true, false] {
            var ended = state
            #expect(ended.endOfFile() == .reportEndOfFile)
            #expect(ended.endOfFileAnswered(keepOpen: keepOpen) == .finish)
        }
        state.isReadingPaused = true
        #expect(!state.wantsReading)
    }

    @Test func aWritingEndEndsOnceAllIsSent() {
        let state = ConnectionState(.sending)
        #expect(state.canWrite)
        #expect(!state.wantsReading && !state.delivers)
        var closed = state
        #expect(closed.close() == .flush)
        #expect(!closed.wantsReading, "there is nothing to drop")
        #expect(closed.flushed() == .finish)
        var ended = state
        #expect(ended.endWriting() == .flush)
        #expect(ended.refusalToWrite == .shutDown && !ended.isClosing)
        #expect(ended.close() == .flush)
        #expect(ended.flushed() == .finish)
        var endedOnly = state
        #expect(endedOnly.endWriting() == .flush)
        #expect(endedOnly.flushed() == .finish)
        #expect(endedOnly.phase == .closed)
        #expect(endedOnly.refusalToWrite == .notConnected)
    }

    /// It is part of every connection's object, whose size is that of an allocation.
    @Test func itFitsIntoFiveBytes() {
        #expect(MemoryLayout<ConnectionState>.size == 5)
    }

    @Test func abortIsNewsOnlyOnce() {
        var state = ConnectionState()
        let first = state.abort()
        let second = state.abort()
        #expect(first)
        #expect(!second)
    }

    @Test func pauseStopsReadingOnlyWhileOpen() {
        var state = ConnectionState()
        state.isReadingPaused = true
        #expect(!state.wantsReading)
        #expect(state.delivers)
        _ = state.close()
        _ = state.flushed()
        _ = state.shutDownEnded()
        #expect(state.wantsReading, "draining reads whatever the user paused")
    }
}
