/// The colours of pictures and pages, once for light and once for dark surroundings.
///
/// Those of the families differ in lightness as well as in hue; relatives differ by the pattern of
/// their lines.
struct Palette {
    /// By the names that style sheets use between `$` and `$`.
    let colours: [String: String]

    static let light = Palette(colours: [
        "paper": "#ffffff", "ink": "#1f2328", "soft": "#656d76", "faint": "#e4e7eb",
        "panel": "#f6f8fa", "ours": "#e8590c", "c": "#6c757d", "nio": "#1971c2",
        "dispatch": "#7048e8", "asyncio": "#c99a06", "uvloop": "#c2255c", "node": "#2f9e44",
        "other": "#0b7285",
    ])

    static let dark = Palette(colours: [
        "paper": "#0f1419", "ink": "#e6e8eb", "soft": "#98a2ad", "faint": "#2a323b",
        "panel": "#171d24", "ours": "#ff8a3d", "c": "#a7b0ba", "nio": "#4dabf7",
        "dispatch": "#a98bfa", "asyncio": "#f2cc3d", "uvloop": "#f06595", "node": "#51cf66",
        "other": "#3bc9db",
    ])

    /// A style sheet in which the names stand for these colours.
    func resolve(_ style: String) -> String {
        // Every other part is a name.
        style.split(separator: "$", omittingEmptySubsequences: false).enumerated()
            .map { index, part in
                index.isMultiple(of: 2) ? String(part) : colours[String(part)] ?? "inherit"
            }
            .joined()
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
