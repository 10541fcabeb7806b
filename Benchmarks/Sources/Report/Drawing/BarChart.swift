/// One bar for each server, the best on top: the median, with the range and each of the rounds.
package struct BarChart {
    package struct Bar {
        package var title: String
        package var family: ServerTitle.Family
        package var values: [Double]
        /// What is written at the end of the row.
        package var text: String
        package var note: String

        package init(
            title: String, family: ServerTitle.Family, values: [Double], text: String,
            note: String
        ) {
            self.title = title
            self.family = family
            self.values = values
            self.text = text
            self.note = note
        }
    }

    /// How much room there is.
    package struct Layout {
        package var names: Double
        package var bars: Double
        package var texts: Double
        package var row: Double
        package var showsRounds: Bool

        package static let page = Layout(
            names: 128, bars: 290, texts: 112, row: 24, showsRounds: true)
        package static let small = Layout(
            names: 112, bars: 172, texts: 104, row: 17, showsRounds: false)

        package var width: Double { names + bars + texts }
    }

    private let bars: [Bar]
    private let layout: Layout
    /// The median of the bar that the others are compared with.
    private let mark: Double?

    package init(_ bars: [Bar], mark: Double?, layout: Layout) {
        self.bars = bars
        self.mark = mark
        self.layout = layout
    }

    package var drawing: Drawing {
        let height = Double(bars.count) * layout.row + 4
        let largest = bars.flatMap(\.values).max() ?? 1
        let scale = largest > 0 ? layout.bars / largest : 0
        var body = Markup()
        for (index, bar) in bars.enumerated() {
            draw(bar, middle: (Double(index) + 0.5) * layout.row + 2, scale, into: &body)
        }
        if let mark {
            let x = layout.names + mark * scale
            body.line(from: (x, 0), to: (x, height), style: "mark")
        }
        return Drawing(width: layout.width, height: height, body: body)
    }

    private func draw(
        _ bar: Bar, middle: Double, _ scale: Double, into body: inout Markup
    ) {
        let spread = Spread(bar.values)
        let (start, thickness) = (layout.names, layout.row * 0.6)
        let isOurs = bar.family == .ours || bar.family == .group
        body.element("g") { group in
            if layout.showsRounds { group.element("title", text: bar.note) }
            group.label(
                bar.title, x: start - 8, y: middle + 4, anchor: .end, style: isOurs ? "own" : "")
            group.rectangle(
                x: start, y: middle - thickness / 2, width: max(1, spread.median * scale),
                height: thickness, radius: 2, style: "fill \(bar.family)")
            let (low, high) = (start + spread.lowest * scale, start + spread.highest * scale)
            if high - low >= 1 {
                group.line(from: (low, middle), to: (high, middle), style: "range")
                for x in [low, high] {
                    group.line(from: (x, middle - 3), to: (x, middle + 3), style: "range")
                }
            }
            if layout.showsRounds, bar.values.count > 1 {
                for value in bar.values {
                    group.dot(x: start + value * scale, y: middle, radius: 1.8, style: "round")
                }
            }
            group.label(
                bar.text, x: layout.width, y: middle + 4, anchor: .end,
                style: isOurs ? "own" : "")
        }
        body.newline()
    }
}
