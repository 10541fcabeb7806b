import Foundation

/// The results as text for people.
struct ResultTable {
    private let rows: [[String]]

    init(_ results: Results) {
        var rows = [
            [
                "workload", "server", "cost", "unit", "\(results.reference)/server",
                "min..max", "operations/s", "throughput",
            ]
        ]
        for workload in results.workloads {
            for server in results.servers {
                guard let standing = results.standing(of: server, in: workload) else { continue }
                rows.append(Self.row(workload: workload, server: server, standing))
            }
        }
        self.rows = rows
    }

    var text: String {
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

    private static func row(
        workload: String, server: String, _ standing: Results.Standing
    ) -> [String] {
        let ratio = standing.ratio
        let lowest = ratio.lowest.formatted(decimals: 2)
        let highest = ratio.highest.formatted(decimals: 2)
        return [
            workload, server,
            standing.cost.formatted(decimals: 0),
            "\(standing.isMemory ? "bytes" : "CPU ns")/\(standing.unit)",
            ratio.median.formatted(decimals: 2),
            "\(lowest)..\(highest)",
            standing.operationsPerSecond.formatted(decimals: 0),
            standing.throughputRatio.median.formatted(decimals: 2),
        ]
    }
}
