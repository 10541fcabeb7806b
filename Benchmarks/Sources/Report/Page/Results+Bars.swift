extension Results {
    /// What each server costs under one workload; nil where nobody has figures.
    package func costFigure(_ load: Load, layout: BarChart.Layout = .page) -> Figure? {
        let standings = standings(in: load)
        guard let first = standings.first else { return nil }
        let bars = standings.map { standing in
            let title = ServerTitle(standing.server)
            let ratio = standing.ratio.map { " · \($0.median.formatted(decimals: 2))" } ?? ""
            return BarChart.Bar(
                title: title.text, family: title.family,
                values: standing.relativeCosts ?? standing.measurements.map(load.cost),
                text: load.text(cost: standing.cost.median) + ratio,
                note: note(standing, load))
        }
        let mark = standings.contains { $0.server == reference } ? 1.0 : nil
        let unit = load.costUnit(first.measurements[0])
        let what = load.measure == .memory ? "The server's memory" : "The server's CPU time"
        return Figure(
            title: load.title, caption: "\(what) for each \(unit). Shorter is better.",
            drawing: BarChart(bars, mark: mark, layout: layout).drawing)
    }

    /// How much passes through each server under one workload.
    package func throughputFigure(_ load: Load, layout: BarChart.Layout = .page) -> Figure? {
        let bars = servers.compactMap { server -> BarChart.Bar? in
            guard let standing = standing(of: server, in: load) else { return nil }
            let title = ServerTitle(server)
            let values = standing.measurements.map(\.megabytesPerSecond)
            let text = "\(Spread(values).median.short) MB/s"
            return BarChart.Bar(
                title: title.text, family: title.family, values: values, text: text,
                note: "\(title.text): \(text)")
        }
        guard !bars.isEmpty else { return nil }
        let sorted = bars.sorted { Spread($0.values).median > Spread($1.values).median }
        return Figure(
            title: load.title, caption: "Throughput in MB/s. Longer is better.",
            drawing: BarChart(sorted, mark: nil, layout: layout).drawing)
    }

    private func note(_ standing: Standing, _ load: Load) -> String {
        let rounds = standing.measurements.map { load.text(cost: load.cost($0)) }
        let rate =
            load.measure == .memory
            ? "" : "; \(standing.operationsPerSecond.median.shortWithPrefix)/s"
        return "\(ServerTitle(standing.server).text), \(load.title): "
            + "rounds \(rounds.joined(separator: ", "))\(rate)"
    }
}
