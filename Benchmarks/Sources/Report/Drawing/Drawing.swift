/// A part of a picture: SVG elements, and how much room they take.
package struct Drawing {
    package var width: Double
    package var height: Double
    package var body: Markup

    /// A picture by itself, for a page that has the style.
    package func svg(label: String) -> Markup {
        var markup = Markup()
        markup.element(
            "svg",
            [
                "viewBox": "0 0 \(width.coordinate) \(height.coordinate)",
                "role": "img", "aria-label": label,
            ]
        ) { $0.add(body) }
        return markup
    }
}

extension Double {
    /// As short as it can be: a tenth of a pixel is enough.
    package var coordinate: String {
        let rounded = (self * 10).rounded() / 10
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}

extension Markup {
    enum Anchor: String { case start, middle, end }

    mutating func label(
        _ text: String, x: Double, y: Double, anchor: Anchor = .start, style: String = ""
    ) {
        let kind = style.isEmpty ? anchor.rawValue : "\(anchor.rawValue) \(style)"
        element("text", ["x": x.coordinate, "y": y.coordinate, "class": kind], text: text)
    }

    mutating func line(
        from start: (x: Double, y: Double), to end: (x: Double, y: Double), style: String
    ) {
        element(
            "line",
            [
                "x1": start.x.coordinate, "y1": start.y.coordinate,
                "x2": end.x.coordinate, "y2": end.y.coordinate, "class": style,
            ])
    }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, radius: Double = 0, style: String
    ) {
        element(
            "rect",
            [
                "x": x.coordinate, "y": y.coordinate, "width": width.coordinate,
                "height": height.coordinate, "rx": radius.coordinate, "class": style,
            ])
    }

    mutating func dot(x: Double, y: Double, radius: Double, style: String) {
        element(
            "circle",
            ["cx": x.coordinate, "cy": y.coordinate, "r": radius.coordinate, "class": style])
    }

    /// Moves what the closure adds.
    mutating func shifted(x: Double, y: Double, _ content: @escaping (inout Markup) -> Void) {
        element("g", ["transform": "translate(\(x.coordinate) \(y.coordinate))"], content)
    }
}
