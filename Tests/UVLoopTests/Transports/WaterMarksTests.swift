import Testing

@testable import UVLoop

@Suite struct WaterMarksTests {
    @Test func standardIs64And16KiB() throws {
        #expect(WaterMarks.standard.high == 65_536)
        #expect(WaterMarks.standard.low == 16_384)
        #expect(try WaterMarks(low: nil, high: nil) == .standard)
    }

    @Test func oneMarkSetsTheOtherByTheFactorFour() throws {
        let fromHigh = try WaterMarks(low: nil, high: 1_000)
        #expect((fromHigh.low, fromHigh.high) == (250, 1_000))
        let fromLow = try WaterMarks(low: 300, high: nil)
        #expect((fromLow.low, fromLow.high) == (300, 1_200))
        let odd = try WaterMarks(low: nil, high: 3)
        #expect((odd.low, odd.high) == (0, 3))
    }

    @Test func bothMarksAreTakenAsTheyAre() throws {
        for (low, high) in [(0, 0), (5, 5), (0, 1), (1, 1 << 40)] {
            let marks = try WaterMarks(low: low, high: high)
            #expect((marks.low, marks.high) == (low, high))
        }
    }

    @Test func hugeLowMarkDoesNotOverflow() throws {
        #expect(try WaterMarks(low: .max, high: nil).high == .max)
        #expect(try WaterMarks(low: .max / 2, high: nil).high == .max)
    }

    @Test(
        arguments: [
            (2, 1), (-1, 5), (-1, nil), (nil, -1), (0, -4), (Int.max, 0),
        ] as [(Int?, Int?)])
    func invalidMarksAreRefused(_ low: Int?, _ high: Int?) {
        #expect(throws: UVError.invalidArgument) { try WaterMarks(low: low, high: high) }
    }

    @Test func factorHoldsForRandomMarks() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<1_000 {
            let value = Int.random(in: 0...1 << 50, using: &random)
            #expect(try WaterMarks(low: value, high: nil).high == value * 4)
            #expect(try WaterMarks(low: nil, high: value).low == value / 4)
        }
    }
}
