extension Results {
    /// Latency by percentile under one workload; nil where nobody has figures.
    package func latencyFigure(_ load: Load) -> Figure? {
        let lines = servers.compactMap { latencyLine($0, load) }
        guard !lines.isEmpty else { return nil }
        let values = lines.flatMap { $0.points.map(\.y) }
        let ticks = [0.5, 0.9, 0.99, 0.999].map {
            Axis.Tick(value: $0, text: "\(($0 * 100).coordinate) %")
        }
        return Figure(
            title: load.title,
            caption: "So many of the answers took no longer than this; both axes are "
                + "logarithmic. Lower is better, and flatter to the right.",
            drawing: CurveChart(
                lines,
                x: Axis(.tail, 0...0.999, ticks: ticks, title: "share of the answers"),
                y: .logarithmic(around: values, title: "latency") { $0.asTimeAtAxis },
                showsRange: false
            ).drawing)
    }

    private func latencyLine(_ server: String, _ load: Load) -> CurveChart.Line? {
        guard let measured = measurements(of: server, in: load.name) else { return nil }
        let points = Self.percentiles.compactMap { share, key -> CurveChart.Line.Point? in
            let values = measured.compactMap { $0.latency?[key] }
            return values.isEmpty ? nil : .init(x: share, Spread(values.map { $0 * 1_000 }))
        }
        return points.isEmpty ? nil : .init(title: ServerTitle(server), points: points)
    }

    private static let percentiles: [(Double, String)] = [
        (0.1, "p10"), (0.25, "p25"), (0.5, "p50"), (0.75, "p75"), (0.9, "p90"), (0.95, "p95"),
        (0.99, "p99"), (0.995, "p99.5"), (0.999, "p99.9"),
    ]

    /// How cost, rate and latency grow along one axis.
    package func growthFigures(_ axis: Load.Growth.Axis) -> [Figure] {
        let loads = workloads.filter { $0.growth?.axis == axis }
        let points = loads.compactMap { $0.growth?.value }.sorted()
        guard let first = points.first, let last = points.last, first < last else { return [] }
        let along = Axis(
            .logarithmic, first...last,
            ticks: points.map { value in
                let text = axis == .payload ? Int(value).asBytes : Int(value).withCommas
                return Axis.Tick(value: value, text: text)
            },
            title: axis == .payload ? "size of a message" : "connections")
        let what = axis == .payload ? "10 connections" : "messages of 64 B"
        let beside = ratioFigure(loads, along: along, what)
        return [beside].compactMap { $0 }
            + GrowthMeasure.all(axis).compactMap { measure in
                let lines = servers.compactMap { growthLine($0, loads, measure) }
                let values = lines.flatMap { line in line.points.map(\.high) }
                guard let largest = values.max() else { return nil }
                let lowest = lines.flatMap { line in line.points.map(\.low) }
                let up =
                    measure.isLogarithmic
                    ? Axis.logarithmic(
                        around: values + lowest, title: measure.unit, text: measure.text)
                    : Axis.linear(upTo: largest, title: measure.unit, text: measure.text)
                return Figure(
                    title: "\(measure.title), \(what)", caption: measure.caption,
                    drawing: CurveChart(lines, x: along, y: up, showsRange: true).drawing)
            }
    }

    private func ratioFigure(_ loads: [Load], along: Axis, _ what: String) -> Figure? {
        let lines = servers.map { server in
            CurveChart.Line(
                title: ServerTitle(server),
                points: loads.compactMap { load in
                    guard let growth = load.growth,
                        let ratio = standing(of: server, in: load)?.ratio
                    else { return nil }
                    return .init(x: growth.value, ratio)
                }.sorted { $0.x < $1.x })
        }
        guard let largest = lines.flatMap({ $0.points.map(\.high) }).max() else { return nil }
        return Figure(
            title: "Beside C, \(what)",
            caption: "C's CPU time for each message, divided by the server's. Higher is better.",
            drawing: CurveChart(
                lines, x: along,
                y: .linear(upTo: largest, title: "1 is C", text: \.shortest), showsRange: true
            ).drawing)
    }

    private func growthLine(
        _ server: String, _ loads: [Load], _ measure: GrowthMeasure
    ) -> CurveChart.Line? {
        let points = loads.compactMap { load -> CurveChart.Line.Point? in
            guard let growth = load.growth,
                let values = measurements(of: server, in: load.name)?.compactMap(measure.value),
                !values.isEmpty
            else { return nil }
            return .init(x: growth.value, Spread(values))
        }
        let sorted = points.sorted { $0.x < $1.x }
        return sorted.isEmpty ? nil : .init(title: ServerTitle(server), points: sorted)
    }
}
