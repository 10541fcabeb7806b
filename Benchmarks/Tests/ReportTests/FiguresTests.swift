import Report
import Testing

@Suite struct SpreadTests {
    @Test func anOddNumberOfValuesHasOneInTheMiddle() {
        let spread = Spread([3, 1, 2])
        #expect(spread.median == 2)
        #expect(spread.lowest == 1)
        #expect(spread.highest == 3)
    }

    @Test func anEvenNumberHasTheMeanOfTwo() {
        #expect(Spread([4, 1, 3, 100]).median == 3.5)
    }

    @Test func oneValueIsEverything() {
        let spread = Spread([7])
        #expect([spread.median, spread.lowest, spread.highest] == [7, 7, 7])
    }
}

@Suite struct NumberTests {
    @Test(arguments: [
        (0, "0"), (0.5123, "0.512"), (0.99949, "0.999"), (0.9999, "1.00"), (5.312, "5.31"),
        (9.996, "10.0"), (84.66, "84.7"), (99.96, "100"), (12_345.4, "12,345"),
        (-1_234_567, "-1,234,567"),
    ])
    func threeDigitsCount(value: Double, text: String) {
        #expect(value.short == text)
    }

    @Test(arguments: [(0.25, "0.25"), (10, "10"), (2.5, "2.5"), (100, "100"), (1_000, "1,000")])
    func atAnAxisThereAreNoZerosBehindThePoint(value: Double, text: String) {
        #expect(value.shortest == text)
    }

    @Test(arguments: [
        (950, "950 ns"), (999.7, "1.00 µs"), (5_310, "5.31 µs"), (1_500_000, "1.50 ms"),
        (2e9, "2.00 s"),
    ])
    func timesHaveTheUnitThatFits(nanoseconds: Double, text: String) {
        #expect(nanoseconds.asTime == text)
    }

    @Test(arguments: [(999, "999"), (1_000, "1 k"), (84_239, "84.2 k"), (2_500_000, "2.5 M")])
    func thousandsBecomeAPrefix(value: Double, text: String) {
        #expect(value.shortWithPrefix == text)
    }

    @Test(arguments: [(64, "64 B"), (1_024, "1 KiB"), (16_384, "16 KiB"), (1_500, "1500 B")])
    func bytesHaveTheUnitThatIsExact(bytes: Int, text: String) {
        #expect(bytes.asBytes == text)
    }
}

@Suite struct MachineTests {
    @Test func theFilesOfTheSystemAreRead() {
        let info = "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nmodel name\t: other\n"
        #expect(Machine.processor(inCPUInfo: info) == "Some CPU @ 3 GHz")
        #expect(Machine.processor(inCPUInfo: "processor : 0\n") == nil)
        #expect(
            Machine.system(inOSRelease: "ID=x\nPRETTY_NAME=\"Some Linux 1\"\n")
                == "Some Linux 1")
        #expect(Machine.memoryGigabytes(inMemInfo: "MemTotal:  8131234 kB\n") == 8)
    }
}
