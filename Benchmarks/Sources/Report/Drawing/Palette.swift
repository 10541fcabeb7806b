/// The colours of pictures and pages, once for light and once for dark surroundings.
///
/// Those of the families differ in lightness as well as in hue; the lines of relatives differ by
/// their pattern, and by what is mixed into the colour.
struct Palette {
    /// By the names that style sheets use between `$` and `$`.
    let colours: [String: String]

    static let light = Palette(colours: [
        "paper": "#ffffff", "ink": "#1f2328", "soft": "#656d76", "faint": "#e4e7eb",
        "panel": "#f6f8fa", "ours": "#e8590c", "group": "#0c8599", "c": "#6c757d", "nio": "#1971c2",
        "dispatch": "#7048e8", "asyncio": "#c99a06", "uvloop": "#c2255c", "node": "#2f9e44",
        "other": "#868e12",
    ])

    static let dark = Palette(colours: [
        "paper": "#0f1419", "ink": "#e6e8eb", "soft": "#98a2ad", "faint": "#2a323b",
        "panel": "#171d24", "ours": "#ff8a3d", "group": "#22b8cf", "c": "#a7b0ba", "nio": "#4dabf7",
        "dispatch": "#a98bfa", "asyncio": "#f2cc3d", "uvloop": "#f06595", "node": "#51cf66",
        "other": "#c0ca33",
    ])

    /// A colour with some of another, such as `#804020`.
    func mix(_ name: String, with other: String, share: Double) -> String {
        let (own, added) = (Self.parts(colours[name]), Self.parts(colours[other]))
        return zip(own, added).reduce("#") { text, pair in
            let part = Int((Double(pair.0) * (1 - share) + Double(pair.1) * share).rounded())
            return text + (part < 16 ? "0" : "") + String(part, radix: 16)
        }
    }

    private static func parts(_ colour: String?) -> [Int] {
        let number = Int(colour?.dropFirst() ?? "", radix: 16) ?? 0
        return [number >> 16 & 255, number >> 8 & 255, number & 255]
    }

    /// A style sheet in which the names stand for these colours.
    func resolve(_ style: String) -> String {
        // Every other part is a name.
        style.split(separator: "$", omittingEmptySubsequences: false).enumerated()
            .map { index, part in
                index.isMultiple(of: 2) ? String(part) : colour(String(part))
            }
            .joined()
    }

    /// `ours` is a colour, `ours1` and `ours2` are those of its relatives.
    private func colour(_ name: String) -> String {
        if let colour = colours[name] { return colour }
        let family = String(name.dropLast())
        return name.hasSuffix("1")
            ? mix(family, with: "ink", share: 0.4) : mix(family, with: "paper", share: 0.35)
    }

    /// The style sheet for both surroundings. Without variables: many viewers of SVG have none.
    static func adapt(_ style: String) -> String {
        """
        \(light.resolve(style))
        @media (prefers-color-scheme: dark) {
        \(dark.resolve(style))
        }
        """
    }
}
