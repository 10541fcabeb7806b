/// How the page looks, its pictures included.
enum PageStyle {
    static let text = """

        \(layout)
        \(Palette.adapt(colours + "\n" + families + "\n" + shades))
        \(Style.pictures)

        """

    private static let layout = """
        :root { color-scheme: light dark }
        * { box-sizing: border-box }
        body { margin: 0; font: 16px/1.55 \(Style.font) }
        header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 28px }
        header { padding-top: 44px }
        h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 10px }
        h2 { font-size: 21px; letter-spacing: -.01em; margin: 52px 0 6px }
        h3 { font-size: 15px; margin: 0 0 12px }
        p { max-width: 46em; margin: 6px 0 14px }
        .machine { margin: 0 }
        code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
            padding: 5px 9px; border-radius: 6px; overflow-wrap: anywhere;
            box-decoration-break: clone; -webkit-box-decoration-break: clone }
        .wide { overflow-x: auto; margin-top: 18px }
        table { border-collapse: separate; border-spacing: 3px; font-size: 14px;
            font-variant-numeric: tabular-nums }
        th { text-align: left; font-weight: 500; padding: 6px 10px }
        tbody th { white-space: nowrap; padding-left: 0 }
        thead th { vertical-align: bottom; line-height: 1.25; max-width: 7em; text-align: right }
        .key { display: block; height: 4px; width: 22px; margin: 0 0 5px auto;
            border-radius: 2px }
        td { text-align: right; padding: 6px 10px; border-radius: 6px; min-width: 62px }
        td.best { font-weight: 700 }
        .figures { display: grid; gap: 22px; margin-top: 20px;
            grid-template-columns: repeat(auto-fill, minmax(min(100%, 520px), 1fr)) }
        figure { margin: 0; padding: 20px 22px 16px; border-radius: 12px; display: flex;
            flex-direction: column }
        figure svg { width: 100%; height: auto }
        figcaption { font-size: 13px; line-height: 1.45; margin-top: auto; padding-top: 12px }
        footer { padding-bottom: 60px } footer ul { padding-left: 20px }
        @media print { figure { break-inside: avoid } }
        """

    private static let colours = """
        body { background: $paper$; color: $ink$ }
        section > p, figcaption, .machine, thead th, td.none, footer ul { color: $soft$ }
        code, figure { background: $panel$ }
        """

    private static let families = ServerTitle.Family.allCases
        .map { ".\($0) .key { background: $\($0)$ }" }.joined(separator: " ")

    /// Thirteen steps from nothing to 1.3 times the speed of C.
    private static let shades = (0...13)
        .map { "td.s\($0) { background: color-mix(in srgb, $ours$ \($0 * 3)%, $paper$) }" }
        .joined(separator: "\n")
}
