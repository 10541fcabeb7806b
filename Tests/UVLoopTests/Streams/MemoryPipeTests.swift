import Testing
import UVLoop

@testable import StreamConformance

/// One direction of a stream in memory as a value, without tasks.
@Suite struct MemoryPipeTests {
    typealias Wakeup = Pipe.Wakeup

    private func wake(_ ticket: Int, _ outcome: Pipe.Outcome) -> Wakeup {
        Wakeup(ticket: ticket, outcome: outcome)
    }

    @Test func aSendEndsWhenTheRestFits() {
        var pipe = Pipe(capacity: 2)
        #expect(pipe.send([1, 2], 1) == [wake(1, .done)])
        #expect(pipe.send([3, 4], 2) == [])
        #expect(pipe.send([5], 3) == [wake(3, .failed(.busy))])
        #expect(pipe.receive(upTo: 1, 4) == [wake(4, .received([1]))])
        #expect(pipe.receive(upTo: 9, 5) == [wake(5, .received([2, 3, 4])), wake(2, .done)])
    }

    @Test func withoutABufferASendEndsWithItsLastByte() {
        var pipe = Pipe(capacity: 0)
        #expect(pipe.send([], 1) == [wake(1, .done)])
        #expect(pipe.send([1, 2, 3], 2) == [])
        #expect(pipe.receive(upTo: 2, 3) == [wake(3, .received([1, 2]))])
        #expect(pipe.receive(upTo: 2, 4) == [wake(4, .received([3])), wake(2, .done)])
        #expect(pipe.receive(upTo: 2, 5) == [])
        #expect(pipe.receive(upTo: 2, 6) == [wake(6, .failed(.busy))])
        #expect(pipe.send([4, 5, 6], 7) == [wake(5, .received([4, 5]))])
        #expect(pipe.receive(upTo: 2, 8) == [wake(8, .received([6])), wake(7, .done)])
    }

    @Test func roomIsWhereTheBufferIsNotFullOrSomebodyReceives() {
        var pipe = Pipe(capacity: 2)
        #expect(pipe.waitForRoom(1) == [wake(1, .done)])
        #expect(pipe.send([1, 2], 2) == [wake(2, .done)])
        #expect(pipe.waitForRoom(3) == [])
        #expect(pipe.receive(upTo: 1, 4) == [wake(4, .received([1])), wake(3, .done)])

        var lockstep = Pipe(capacity: 0)
        #expect(lockstep.waitForRoom(1) == [])
        #expect(lockstep.receive(upTo: 1, 2) == [wake(1, .done)])
        #expect(lockstep.waitForRoom(3) == [wake(3, .done)])
    }

    @Test func aCancelledSendLeavesWhatFits() throws {
        var pipe = Pipe(capacity: 2)
        #expect(pipe.send([1, 2, 3, 4], 1) == [])
        #expect(pipe.cancel(9) == [])
        #expect(pipe.cancel(1) == [wake(1, .cancelled)])
        #expect(pipe.cancel(1) == [])
        #expect(pipe.send([5], 2) == [wake(2, .failed(.broken(.canceled)))])
        #expect(throws: StreamError.broken(.canceled)) { try pipe.end() }
        #expect(pipe.receive(upTo: 9, 3) == [wake(3, .received([1, 2]))])
        // Whether that was all, the receiver learns when the writer ends.
        #expect(pipe.receive(upTo: 9, 4) == [])
        #expect(pipe.obstacle == .canceled)
        #expect(pipe.abortWriting() == [wake(4, .failed(.broken(.connectionReset)))])
    }

    @Test func otherCancelledWaitsLeaveNoTrace() {
        var pipe = Pipe(capacity: 0)
        #expect(pipe.receive(upTo: 9, 1) == [])
        #expect(pipe.cancel(1) == [wake(1, .cancelled)])
        #expect(pipe.waitForRoom(2) == [])
        #expect(pipe.cancel(2) == [wake(2, .cancelled)])
        #expect(pipe.send([1], 3) == [])
        #expect(pipe.receive(upTo: 9, 4) == [wake(4, .received([1])), wake(3, .done)])
    }

    @Test func aSendThatNeverBeganIsOneCutOffButNotBesideAnother() {
        var pipe = Pipe(capacity: 0)
        #expect(pipe.send([1], 1) == [])
        pipe.cutOff()
        #expect(pipe.receive(upTo: 9, 2) == [wake(2, .received([1])), wake(1, .done)])
        pipe.cutOff()
        #expect(pipe.send([], 3) == [wake(3, .failed(.broken(.canceled)))])
    }

    @Test func theEndFollowsTheBytes() throws {
        var pipe = Pipe(capacity: 9)
        #expect(pipe.send([1], 1) == [wake(1, .done)])
        #expect(try pipe.end() == [])
        #expect(try pipe.end() == [])
        #expect(pipe.send([], 2) == [wake(2, .failed(.closed))])
        #expect(pipe.receive(upTo: 9, 3) == [wake(3, .received([1]))])
        #expect(pipe.receive(upTo: 9, 4) == [wake(4, .received(nil))])
        // Nothing takes the end back.
        #expect(pipe.abortWriting() == [])
        #expect(pipe.fail(.timedOut) == [])
        #expect(pipe.receive(upTo: 9, 5) == [wake(5, .received(nil))])
        #expect(throws: StreamError.closed) { try pipe.end() }
    }

    @Test func theEndWaitsForTheSender() throws {
        var pipe = Pipe(capacity: 1)
        #expect(pipe.send([1, 2], 1) == [])
        #expect(throws: StreamError.busy) { try pipe.end() }
        #expect(pipe.receive(upTo: 1, 2) == [wake(2, .received([1])), wake(1, .done)])
        #expect(try pipe.end() == [])
    }

    @Test func aCloseLeavesTheRestWhereThereIsABuffer() {
        var pipe = Pipe(capacity: 1)
        #expect(pipe.send([1, 2, 3], 1) == [])
        #expect(pipe.closeWriting() == [wake(1, .failed(.closed))])
        #expect(pipe.closeWriting() == [])
        #expect(pipe.abortWriting() == [])
        #expect(pipe.receive(upTo: 9, 2) == [wake(2, .received([1, 2, 3]))])
        #expect(pipe.receive(upTo: 9, 3) == [wake(3, .received(nil))])

        var lockstep = Pipe(capacity: 0)
        #expect(lockstep.send([1, 2, 3], 1) == [])
        #expect(lockstep.closeWriting() == [wake(1, .failed(.closed))])
        #expect(lockstep.receive(upTo: 9, 2) == [wake(2, .received(nil))])
    }

    @Test func anAbortDropsWhatIsThere() {
        var pipe = Pipe(capacity: 9)
        #expect(pipe.send([1], 1) == [wake(1, .done)])
        #expect(pipe.abortWriting() == [])
        #expect(pipe.receive(upTo: 9, 2) == [wake(2, .failed(.broken(.connectionReset)))])
        #expect(pipe.receive(upTo: 0, 3) == [wake(3, .failed(.invalidArgument))])
    }

    @Test func aReaderThatGoesWakesBothSides() {
        var pipe = Pipe(capacity: 1)
        #expect(pipe.receive(upTo: 9, 1) == [])
        #expect(pipe.closeReading(.brokenPipe) == [wake(1, .failed(.closed))])
        #expect(pipe.send([1], 2) == [wake(2, .failed(.broken(.brokenPipe)))])
        // That the peer has closed does not make the own close a bad one.
        #expect(pipe.obstacle == nil)

        var other = Pipe(capacity: 1)
        #expect(other.send([1, 2], 1) == [])
        #expect(
            other.closeReading(.connectionReset)
                == [wake(1, .failed(.broken(.connectionReset)))])
        #expect(other.receive(upTo: 9, 2) == [wake(2, .failed(.closed))])
        #expect(other.obstacle == .connectionReset)
        #expect(other.closeReading(.brokenPipe) == [])
    }

    @Test func aFailureIsForBothSidesAndForGood() throws {
        var pipe = Pipe(capacity: 1)
        #expect(pipe.send([1, 2], 1) == [])
        #expect(pipe.fail(.timedOut) == [wake(1, .failed(.broken(.timedOut)))])
        #expect(pipe.fail(.brokenPipe) == [])
        #expect(pipe.receive(upTo: 9, 2) == [wake(2, .failed(.broken(.timedOut)))])
        #expect(pipe.waitForRoom(3) == [wake(3, .failed(.broken(.timedOut)))])
        #expect(throws: StreamError.broken(.timedOut)) { try pipe.end() }
    }

    /// Any order of operations: each of them ends once, what is received is what was sent, and
    /// nobody waits who need not.
    @Test(arguments: [0, 1, 7])
    func randomWalks(_ capacity: Int) {
        var source = SeededGenerator(seed: UInt64(capacity))
        for _ in 0..<200 {
            var pipe = Pipe(capacity: capacity)
            var sent: [UInt8] = []
            var received: [UInt8] = []
            var open: Set<Int> = []
            var sending: Int?
            var last = 0

            func begin() -> Int {
                last += 1
                open.insert(last)
                return last
            }
            func note(_ wakeups: [Wakeup]) {
                for wakeup in wakeups {
                    #expect(open.remove(wakeup.ticket) != nil)
                    if wakeup.ticket == sending { sending = nil }
                    if case .received(let bytes?) = wakeup.outcome { received += bytes }
                }
            }
            for _ in 0..<60 {
                switch Int.random(in: 0..<6, using: &source) {
                case 0, 1:
                    let bytes = source.bytes(Int.random(in: 0...10, using: &source))
                    let ticket = begin()
                    let wakeups = pipe.send(bytes, ticket)
                    if !wakeups.contains(wake(ticket, .failed(.busy))) {
                        sent += bytes
                        sending = ticket
                    }
                    note(wakeups)
                case 2, 3:
                    let ticket = begin()
                    note(pipe.receive(upTo: Int.random(in: 1...12, using: &source), ticket))
                case 4: note(pipe.waitForRoom(begin()))
                default:
                    // A sender is spared: it would end the walk.
                    if let ticket = open.filter({ $0 != sending }).randomElement(using: &source) {
                        note(pipe.cancel(ticket))
                    }
                }
                #expect(received.elementsEqual(sent.prefix(received.count)))
                #expect((sent.count - received.count > capacity) == (sending != nil))
            }
            note(pipe.closeWriting())
            note(pipe.closeReading(.brokenPipe))
            #expect(open.isEmpty)
        }
    }
}
