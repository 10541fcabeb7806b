/// The results as text for people.
package struct ResultTable {
    private let rows: [[String]]

    package init(_ results: Results) {
        var rows = [
            [
                "workload", "server", "cost", "per", "\(results.reference)/server",
                "min..max", "operations/s", "MB/s", "p50", "p99.9",
            ]
        ]
        for load in results.workloads {
            for server in results.servers {
                guard let standing = results.standing(of: server, in: load) else { continue }
                rows.append(Self.row(load, standing))
            }
        }
        self.rows = rows
    }

    package var text: String {
        let widths = rows[0].indices.map { column in rows.map(\.[column].count).max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return Self.isText(column) ? row[column] + padding : padding + row[column]
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func isText(_ column: Int) -> Bool {
        column == 0 || column == 1 || column == 3
    }

    private static func row(_ load: Load, _ standing: Standing) -> [String] {
        let range = standing.ratio.map {
            "\($0.lowest.formatted(decimals: 2))..\($0.highest.formatted(decimals: 2))"
        }
        let megabytes = Spread(standing.measurements.map(\.megabytesPerSecond)).median
        return [
            load.name, standing.server,
            load.text(cost: standing.cost.median),
            load.costUnit(standing.measurements[0]),
            standing.ratio?.median.formatted(decimals: 2) ?? "-",
            range ?? "-",
            load.measure == .memory ? "-" : standing.operationsPerSecond.median.short,
            load.measure == .memory ? "-" : megabytes.short,
            latency("p50", standing), latency("p99.9", standing),
        ]
    }

    private static func latency(_ percentile: String, _ standing: Standing) -> String {
        let values = standing.measurements.compactMap { $0.latency?[percentile] }
        return values.isEmpty ? "-" : (Spread(values).median * 1_000).asTime
    }
}
