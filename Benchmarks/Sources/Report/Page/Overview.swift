/// All figures of a comparison in one picture, as an SVG file.
package struct Overview {
    private let results: Results
    private static let (margin, gap, heading) = (22.0, 26.0, 26.0)

    package init(_ results: Results) {
        self.results = results
    }

    package var svg: String {
        let figures = self.figures
        let columns = 2
        let column = figures.map(\.drawing.width).max() ?? 400
        let width = Self.margin * 2 + column * Double(columns) + Self.gap * Double(columns - 1)
        var body = Markup()
        body.label(results.title, x: Self.margin, y: 36, style: "title")
        body.label(
            "\(results.machine.summary), \(results.date)", x: Self.margin, y: 56, style: "tick")
        body.label(explanation, x: Self.margin, y: 72, style: "tick")
        var top = 98.0
        for start in stride(from: 0, to: figures.count, by: columns) {
            let row = figures[start..<min(start + columns, figures.count)]
            for (place, figure) in row.enumerated() {
                let left = Self.margin + Double(place) * (column + Self.gap)
                body.shifted(x: left, y: top) { group in
                    group.label(figure.title, x: 0, y: 13, style: "heading")
                    group.shifted(x: 0, y: Self.heading) { $0.add(figure.drawing.body) }
                }
            }
            top += Self.heading + (row.map(\.drawing.height).max() ?? 0) + Self.gap
        }
        return file(width: width, height: top, body)
    }

    private var figures: [Figure] {
        let single = results.workloads.filter { $0.growth == nil }
        return single.compactMap { results.costFigure($0, layout: .small) }
            + Load.Growth.Axis.allCases.flatMap(results.growthFigures)
    }

    private var explanation: String {
        results.workloads.contains { $0.growth == nil }
            ? "CPU time of the server for each operation (memory when idle): shorter is better. "
                + "Lines: the range of the rounds. Behind: C's cost / the server's."
            : "Medians of the rounds (\(results.rounds)), and their range."
    }

    private func file(width: Double, height: Double, _ body: Markup) -> String {
        var markup = Markup()
        markup.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": "0 0 \(width.coordinate) \(height.coordinate)",
                "width": width.coordinate, "height": height.coordinate,
            ]
        ) { svg in
            svg.element("title", text: results.title)
            svg.add(Markup(source: "<style>\n\(Style.pictures)\n</style>\n"))
            svg.rectangle(x: 0, y: 0, width: width, height: height, radius: 12, style: "paper")
            svg.newline()
            svg.add(body)
        }
        markup.newline()
        return markup.source
    }
}
