/// The reference's cost divided by each server's, for all workloads, as a table of HTML.
struct RatioTable {
    let results: Results

    var markup: Markup {
        let servers = results.servers.filter { server in
            results.series.contains { $0.server == server }
        }
        var markup = Markup()
        markup.element("div", ["class": "wide"]) { wide in
            wide.element("table") { table in
                table.element("thead") { head in
                    head.element("tr") { row in
                        row.element("th", text: "")
                        for server in servers {
                            let title = ServerTitle(server)
                            row.element("th", ["scope": "col", "class": title.family.rawValue]) {
                                $0.element("span", ["class": "key"]) { _ in }
                                $0.text(title.text)
                            }
                        }
                    }
                }
                table.element("tbody") { body in
                    for load in results.workloads { add(load, servers, to: &body) }
                }
            }
        }
        return markup
    }

    private func add(_ load: Load, _ servers: [String], to body: inout Markup) {
        let ratios = servers.map { results.standing(of: $0, in: load)?.ratio }
        guard ratios.contains(where: { $0 != nil }) else { return }
        let best = zip(servers, ratios)
            .filter { ServerTitle($0.0).family != .c }
            .compactMap { $0.1?.median }.max()
        body.newline()
        body.element("tr") { row in
            row.element("th", ["scope": "row"], text: load.title)
            for ratio in ratios {
                guard let ratio else {
                    row.element("td", ["class": "none"], text: "–")
                    continue
                }
                // The better, the stronger the colour, in tenths of C's speed.
                let share = Int((min(max(ratio.median, 0), 1.3) * 10).rounded())
                let low = ratio.lowest.formatted(decimals: 2)
                let high = ratio.highest.formatted(decimals: 2)
                row.element(
                    "td",
                    [
                        "class": (ratio.median == best ? "best" : "ratio") + " s\(share)",
                        "title": "rounds from \(low) to \(high)",
                    ], text: ratio.median.formatted(decimals: 2))
            }
        }
    }
}
