import Report
import Testing

@Suite struct MarkupTests {
    @Test func whatHasAMeaningInMarkupIsEscaped() {
        #expect(Markup.escaped("<a & \"b\" 'c'>") == "&lt;a &amp; &quot;b&quot; &#39;c&#39;&gt;")
        #expect(Markup.escaped("µ–\n") == "µ–\n")
        #expect(Markup.escaped("\u{0}\u{1b}[K") == "\u{fffd}\u{fffd}[K")
    }

    @Test func elementsHoldElements() {
        var markup = Markup()
        markup.element("a", ["b": "<\">"]) { inner in
            inner.element("c")
            inner.text("&")
        }
        #expect(markup.source == "<a b=\"&lt;&quot;&gt;\"><c/>&amp;</a>")
    }

    @Test(arguments: [(1, "1"), (1.25, "1.3"), (0.04, "0"), (-2.5, "-2.5"), (100, "100")])
    func coordinatesAreShort(value: Double, text: String) {
        #expect(value.coordinate == text)
    }
}

@Suite struct AxisTests {
    @Test func aLinearAxisEndsAtARoundNumber() {
        let axis = Axis.linear(upTo: 8.7, title: "") { $0.shortest }
        #expect(axis.ticks.map(\.text) == ["0", "2.5", "5", "7.5", "10"])
        #expect(axis.place(of: 5) == 0.5)
    }

    @Test func aLinearAxisOfNothingIsAnAxis() {
        #expect(Axis.linear(upTo: 0, title: "") { $0.short }.range.upperBound > 0)
    }

    @Test func aLogarithmicAxisSurroundsTheValues() {
        let axis = Axis.logarithmic(around: [30, 700], title: "") { $0.shortest }
        #expect(axis.ticks.map(\.text) == ["20", "50", "100", "200", "500", "1,000"])
        #expect(axis.place(of: 20) == 0)
        #expect(abs(axis.place(of: 1_000) - 1) < 1e-12)
    }

    @Test func manyDecadesHaveOneTickEach() {
        let axis = Axis.logarithmic(around: [1, 100_000], title: "") { $0.shortest }
        #expect(axis.ticks.count == 6)
    }

    @Test func theTailHasEqualDistancesForEachNine() {
        let axis = Axis(.tail, 0...0.999, ticks: [], title: "")
        #expect(abs(axis.place(of: 0.9) - 1.0 / 3) < 1e-9)
        #expect(abs(axis.place(of: 0.99) - 2.0 / 3) < 1e-9)
    }
}

@Suite struct NamesOfCurvesTests {
    @Test func namesThatAreTooCloseMoveApartInTheirOrder() {
        let places = CurveChart.spreadOut([50, 51, 10, 49], distance: 10)
        #expect(places == [50, 60, 10, 40])
    }

    @Test func namesWithRoomStayWhereTheyAre() {
        #expect(CurveChart.spreadOut([1, 30, 15], distance: 10) == [1, 30, 15])
        #expect(CurveChart.spreadOut([], distance: 10) == [])
    }

    @Test func noTwoNamesAreCloserThanTheDistance() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let values = (0..<12).map { _ in Double.random(in: 0...100, using: &generator) }
            let places = CurveChart.spreadOut(values, distance: 5).sorted()
            for (place, next) in zip(places, places.dropFirst()) {
                #expect(next - place >= 5 - 1e-9, "\(values)")
            }
        }
    }
}
