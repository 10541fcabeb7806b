/// Lines over two axes, each with its name at its end.
package struct CurveChart {
    package struct Line {
        package struct Point {
            package var x: Double
            package var y: Double
            /// The range of the rounds.
            package var low: Double
            package var high: Double

            package init(x: Double, _ spread: Spread) {
                self.x = x
                y = spread.median
                low = spread.lowest
                high = spread.highest
            }
        }

        package var title: ServerTitle
        package var points: [Point]

        package init(title: ServerTitle, points: [Point]) {
            self.title = title
            self.points = points
        }
    }

    private let lines: [Line]
    private let x: Axis
    private let y: Axis
    private let showsRange: Bool

    private static let (left, top, width, height) = (56.0, 26.0, 352.0, 230.0)
    private static let (right, bottom, labelDistance) = (142.0, 44.0, 13.0)

    package init(_ lines: [Line], x: Axis, y: Axis, showsRange: Bool) {
        self.lines = lines.filter { !$0.points.isEmpty }
        self.x = x
        self.y = y
        self.showsRange = showsRange
    }

    package var drawing: Drawing {
        var body = Markup()
        drawAxes(into: &body)
        for line in lines { draw(line, into: &body) }
        drawNames(into: &body)
        return Drawing(
            width: Self.left + Self.width + Self.right,
            height: Self.top + Self.height + Self.bottom, body: body)
    }

    private func place(x value: Double) -> Double {
        Self.left + x.place(of: value) * Self.width
    }

    private func place(y value: Double) -> Double {
        Self.top + (1 - y.place(of: value)) * Self.height
    }

    private func drawAxes(into body: inout Markup) {
        let (right, bottom) = (Self.left + Self.width, Self.top + Self.height)
        for tick in y.ticks {
            let height = place(y: tick.value)
            body.line(from: (Self.left, height), to: (right, height), style: "grid")
            body.label(tick.text, x: Self.left - 7, y: height + 4, anchor: .end, style: "tick")
        }
        for tick in x.ticks {
            let width = place(x: tick.value)
            body.line(from: (width, bottom), to: (width, bottom + 4), style: "axis")
            body.label(tick.text, x: width, y: bottom + 17, anchor: .middle, style: "tick")
        }
        body.line(from: (Self.left, bottom), to: (right, bottom), style: "axis")
        body.label(y.title, x: 0, y: 12, style: "tick")
        body.label(
            x.title, x: Self.left + Self.width / 2, y: bottom + 36, anchor: .middle,
            style: "tick")
        body.newline()
    }

    private func draw(_ line: Line, into body: inout Markup) {
        let places = line.points.map { (place(x: $0.x), place(y: $0.y)) }
        let path = places.map { "\($0.0.coordinate),\($0.1.coordinate)" }.joined(separator: " ")
        let (family, variant) = (line.title.family, line.title.variant)
        body.element("g", ["class": "\(family) v\(variant)"]) { group in
            group.element("title", text: line.title.text)
            if showsRange {
                for (point, place) in zip(line.points, places) {
                    let (low, high) = (self.place(y: point.low), self.place(y: point.high))
                    group.line(from: (place.0, low), to: (place.0, high), style: "spread")
                }
            }
            group.element("polyline", ["points": path, "class": "curve"])
            for place in places {
                group.dot(x: place.0, y: place.1, radius: 2.6, style: "point")
            }
        }
        body.newline()
    }

    /// At the height of the line's end, or as near to it as the other names let it be.
    private func drawNames(into body: inout Markup) {
        let ends = lines.map { place(y: $0.points[$0.points.count - 1].y) }
        let heights = Self.spreadOut(ends, distance: Self.labelDistance)
        let x = Self.left + Self.width
        for (line, (end, height)) in zip(lines, zip(ends, heights)) {
            let start = place(x: line.points[line.points.count - 1].x)
            body.element("g", ["class": "\(line.title.family) v\(line.title.variant)"]) { group in
                group.line(from: (start + 4, end), to: (x + 12, height), style: "leader")
                group.label(line.title.text, x: x + 15, y: height + 4, style: "name")
            }
        }
        body.newline()
    }

    /// The values in their order, moved so that neighbours have at least the distance.
    package static func spreadOut(_ values: [Double], distance: Double) -> [Double] {
        // Values that are too close to each other make a block around their common middle.
        var blocks: [(middle: Double, members: [Int])] = []
        for index in values.indices.sorted(by: { values[$0] < values[$1] }) {
            blocks.append((values[index], [index]))
            while blocks.count > 1 {
                let (last, before) = (blocks[blocks.count - 1], blocks[blocks.count - 2])
                let needed = distance * Double(last.members.count + before.members.count) / 2
                guard last.middle - before.middle < needed else { break }
                blocks.removeLast(2)
                let members = before.members + last.members
                let sum = members.reduce(0) { $0 + values[$1] }
                blocks.append((sum / Double(members.count), members))
            }
        }
        var result = values
        for block in blocks {
            let first = block.middle - distance * Double(block.members.count - 1) / 2
            for (place, member) in block.members.enumerated() {
                result[member] = first + Double(place) * distance
            }
        }
        return result
    }
}
