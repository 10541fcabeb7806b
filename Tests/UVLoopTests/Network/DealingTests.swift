import Testing

@testable import UVLoop

/// Who gets the next connection, without any.
@Suite struct DealingTests {
    /// Deals so many, each of which comes to its loop.
    private func deal(_ dealing: inout Dealing, _ count: Int) -> [Int?] {
        (0..<count).map { _ in
            let index = dealing.next()
            if let index { dealing.arrived(index) }
            return index
        }
    }

    // What changes the value cannot stand in an expectation.
    private func accepts(_ dealing: inout Dealing) -> Bool { dealing.accepts() }
    private func takeResumption(_ dealing: inout Dealing) -> Bool { dealing.takeResumption() }

    @Test func equalOnesInTurn() {
        var dealing = Dealing(3, maxConnections: .max)
        #expect(deal(&dealing, 7) == [0, 1, 2, 0, 1, 2, 0])
    }

    /// Short connections leave all with the same number, and all have to have their turn.
    @Test func inTurnAlsoWhenNoneLasts() {
        var dealing = Dealing(3, maxConnections: .max)
        for round in 0..<9 {
            #expect(deal(&dealing, 1) == [round % 3])
            dealing.ended(round % 3)
        }
    }

    @Test func theOneWithFewest() {
        var dealing = Dealing(3, maxConnections: .max)
        _ = deal(&dealing, 9)
        for _ in 0..<3 { dealing.ended(1) }
        dealing.ended(2)
        #expect(deal(&dealing, 6) == [1, 1, 2, 1, 2, 0])
    }

    @Test func noneToThoseThatWantNone() {
        var dealing = Dealing(3, maxConnections: .max)
        dealing.setWanting(false, 1)
        #expect(deal(&dealing, 4) == [0, 2, 0, 2])
        dealing.setWanting(true, 1)
        #expect(deal(&dealing, 3) == [1, 1, 2])
    }

    @Test func noMoreThanTheBound() {
        var dealing = Dealing(2, maxConnections: 3)
        _ = deal(&dealing, 2)
        #expect(accepts(&dealing))
        _ = deal(&dealing, 1)
        #expect(!accepts(&dealing))
        #expect(!takeResumption(&dealing))
        dealing.ended(1)
        #expect(takeResumption(&dealing))
        // Once.
        #expect(!takeResumption(&dealing))
        #expect(accepts(&dealing))
    }

    @Test func aBusyLoopGetsNoMore() {
        var dealing = Dealing(2, maxConnections: .max)
        // Connections of loop 0 end at once; loop 1 does not even take its own.
        var taken = [0, 0]
        for _ in 0..<1_000 where dealing.accepts() {
            let index = dealing.next()!
            taken[index] += 1
            if index == 0 { dealing.arrived(0) }
        }
        #expect(taken == [1_000 - Dealing.mostUnderWay, Dealing.mostUnderWay])
        #expect(accepts(&dealing))
        dealing.setWanting(false, 0)
        #expect(!accepts(&dealing))
        dealing.arrived(1)
        #expect(takeResumption(&dealing))
        #expect(deal(&dealing, 1) == [1])
    }

    /// It has been accepted already: who wants none at the moment is better than nobody.
    @Test func oneThatIsAcceptedGoesSomewhere() {
        var dealing = Dealing(2, maxConnections: 1)
        dealing.setWanting(false, 0)
        dealing.setWanting(false, 1)
        #expect(deal(&dealing, 2) == [0, 1])
        dealing.remove(0)
        #expect(deal(&dealing, 1) == [1])
    }

    @Test func withoutThoseThatAreGone() {
        var dealing = Dealing(2, maxConnections: .max)
        dealing.remove(0)
        #expect(deal(&dealing, 2) == [1, 1])
        #expect(accepts(&dealing))
        #expect(!dealing.isOver)
        dealing.remove(1)
        #expect(deal(&dealing, 1) == [nil])
        #expect(!accepts(&dealing))
        #expect(dealing.isOver)
    }
}
