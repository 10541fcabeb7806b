/// A comparison as one file of HTML, which needs nothing else.
package struct Page {
    private let results: Results

    package init(_ results: Results) {
        self.results = results
    }

    package var html: String {
        var page = Markup(source: "<!doctype html>\n")
        page.element("html", ["lang": "en"]) { html in
            html.element("head") { head in
                head.element("meta", ["charset": "utf-8"])
                head.element(
                    "meta",
                    ["name": "viewport", "content": "width=device-width, initial-scale=1"])
                head.element("title", text: "UVLoop: \(results.title)")
                head.newline()
                head.add(Markup(source: "<style>\(PageStyle.text)</style>\n"))
            }
            html.element("body") { body in
                body.element("header") { addHeader(to: &$0) }
                body.element("main") { addSections(to: &$0) }
                body.element("footer") { addFooter(to: &$0) }
            }
        }
        page.newline()
        return page.source
    }

    private func addHeader(to header: inout Markup) {
        header.element("h1", text: results.title)
        header.element("p", ["class": "machine"], text: results.machine.summary)
        let rounds = results.rounds == 1 ? "one round" : "\(results.rounds) alternated rounds"
        header.element(
            "p", ["class": "machine"],
            text: "\(results.date), \(rounds), each run measured for "
                + "\(results.seconds.short) s"
                + (results.verified ? ", every byte verified" : ""))
        header.element("p") { $0.element("code", text: results.command) }
        header.newline()
    }

    private func addSections(to main: inout Markup) {
        let single = results.workloads.filter { $0.growth == nil }
        if results.workloads.contains(where: { $0.growth == nil }) {
            main.element("section") { section in
                section.element("h2", text: "At a glance")
                section.element("p", text: Self.glance)
                section.add(RatioTable(results: results).markup)
            }
        }
        add(
            "Throughput", Self.bulkText,
            single.filter { $0.measure == .bulk }.compactMap { results.throughputFigure($0) },
            to: &main)
        add(
            "What an operation costs the server", Self.costText,
            single.compactMap { results.costFigure($0) }, to: &main)
        add(
            "How long the answers take", Self.latencyText,
            single.filter { $0.measure != .memory }.compactMap(results.latencyFigure), to: &main)
        add(
            "How it grows with the connections", Self.growthText,
            results.growthFigures(.connections), to: &main)
        add(
            "How it grows with the messages", Self.growthText,
            results.growthFigures(.payload), to: &main)
    }

    private func add(
        _ title: String, _ text: String, _ figures: [Figure], to main: inout Markup
    ) {
        guard !figures.isEmpty else { return }
        main.newline()
        main.element("section") { section in
            section.element("h2", text: title)
            section.element("p", text: text)
            section.element("div", ["class": "figures"]) { grid in
                for figure in figures {
                    grid.newline()
                    grid.element("figure") { element in
                        element.element("h3", text: figure.title)
                        element.add(
                            figure.drawing.svg(label: "\(figure.title). \(figure.caption)"))
                        element.element("figcaption", text: figure.caption)
                    }
                }
            }
        }
    }

    private func addFooter(to footer: inout Markup) {
        guard !results.absences.isEmpty else { return }
        footer.element("h2", text: "Without figures")
        footer.element("ul") { list in
            for absence in results.absences {
                let place = absence.workload.map { " in \($0)" } ?? ""
                list.element(
                    "li", text: "\(ServerTitle(absence.server).text)\(place): \(absence.reason)")
            }
        }
    }

    private static let glance = """
        The cost in C on the same libuv, divided by the server's, in the median of the rounds: \
        1.00 is C, higher is better. The best that is not C is bold in each row.
        """
    private static let bulkText = "What comes through, client and server each on a core."
    private static let costText = """
        CPU time of the server's process from the operating system, the kernel's work and all \
        threads included. Bars are in proportion to C's cost in the same round, which the dotted \
        line shows: their median, with a dot for each round and a thin line for the range. Behind \
        them stand the median cost itself, and C's divided by it.
        """
    private static let latencyText = """
        In a closed loop at full load: every connection waits for its answer before it sends \
        again, so this shows how evenly a server treats its connections, not how fast it answers \
        when there is little to do. Medians of the rounds.
        """
    private static let growthText = """
        One loop against a group of one for each core. Client and server share all cores, so \
        that the client's own cost bounds what comes through. The shadow of a point is the range \
        of the rounds.
        """
}
