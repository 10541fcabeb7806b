/// Type and colours of the pictures.
enum Style {
    static let font = """
        system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif
        """

    static let pictures = shapes + "\n" + Palette.adapt(colours + "\n" + families)

    private static let shapes = """
        svg { font: 12px \(font); font-variant-numeric: tabular-nums }
        svg .middle { text-anchor: middle } svg .end { text-anchor: end }
        svg .own { font-weight: 650 } svg .tick, svg .name { font-size: 11px }
        svg .heading { font-size: 13px; font-weight: 650 }
        svg .title { font-size: 17px; font-weight: 650 }
        svg .mark { stroke-dasharray: 2 3; opacity: .55 } svg .range { opacity: .6 }
        svg .round { stroke-width: .8 } svg .point { stroke-width: 1.6 }
        svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round }
        svg .spread { stroke-width: 5; opacity: .22; stroke-linecap: round }
        svg .leader { opacity: .5; stroke-dasharray: 1 2 }
        svg .v1 .curve { stroke-dasharray: 7 3 } svg .v2 .curve { stroke-dasharray: 2 3 }
        """

    private static let colours = """
        svg text { fill: $ink$ } svg .tick { fill: $soft$ } svg .grid { stroke: $faint$ }
        svg .axis { stroke: $soft$ } svg .mark, svg .range { stroke: $ink$ }
        svg .round { fill: $paper$; stroke: $ink$ } svg .point { fill: $paper$ }
        svg .paper { fill: $paper$ }
        """

    private static let families = ServerTitle.Family.allCases
        .map { family in
            let lines = ["", "1", "2"].map { variant in
                let relative = variant.isEmpty ? "" : ".v\(variant)"
                let parts = ["curve", "point", "spread", "leader"]
                    .map { "svg .\(family)\(relative) .\($0)" }
                return "\(parts.joined(separator: ", ")) { stroke: $\(family)\(variant)$ }"
            }
            return "svg .\(family).fill { fill: $\(family)$ }\n" + lines.joined(separator: "\n")
        }
        .joined(separator: "\n")
}
