import Foundation

/// All measurements, and what they say about one server against the reference.
struct Results: Codable {
    struct Series: Codable {
        var workload: String
        var server: String
        /// One for each round.
        var measurements: [Measurement]
    }

    /// A server's place in one workload.
    struct Standing {
        var unit: String
        var isMemory: Bool
        var cost: Double
        var operationsPerSecond: Double
        /// The reference's cost divided by the server's, within each round: 1 is the reference.
        var ratio: Spread
        /// The server's throughput divided by the reference's.
        var throughputRatio: Spread
    }

    private(set) var servers: [String]
    private(set) var series: [Series] = []

    init(servers: [String]) {
        self.servers = servers
    }

    /// C where it takes part, else the server named first.
    var reference: String {
        servers.contains("c") ? "c" : servers[0]
    }

    var workloads: [String] {
        series.map(\.workload).reduce(into: []) { names, name in
            if !names.contains(name) { names.append(name) }
        }
    }

    mutating func add(_ measurement: Measurement, workload: String, server: String) {
        if let index = index(workload, server) {
            series[index].measurements.append(measurement)
        } else {
            series.append(
                Series(workload: workload, server: server, measurements: [measurement]))
        }
    }

    func standing(of server: String, in workload: String) -> Standing? {
        guard let own = index(workload, server), let other = index(workload, reference) else {
            return nil
        }
        let measured = series[own].measurements
        let pairs = zip(series[other].measurements, measured)
        return Standing(
            unit: measured[0].unit,
            isMemory: measured[0].bytesPerConnection != nil,
            cost: Spread(measured.map(\.cost)).median,
            operationsPerSecond: Spread(measured.map(\.operationsPerSecond)).median,
            ratio: Spread(pairs.map { $0.cost / $1.cost }),
            throughputRatio: Spread(pairs.map { $1.operationsPerSecond / $0.operationsPerSecond }))
    }

    func write(to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(fileURLWithPath: file))
    }

    private func index(_ workload: String, _ server: String) -> Int? {
        series.firstIndex { $0.workload == workload && $0.server == server }
    }
}
