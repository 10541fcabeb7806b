/// A server's place in one workload.
package struct Standing {
    package var server: String
    package var measurements: [Sample]
    /// In the unit that the workload is compared by; less is better.
    package var cost: Spread
    package var operationsPerSecond: Spread
    /// The server's cost divided by the reference's, by round. Nil where the reference has no
    /// figures.
    package var relativeCosts: [Double]?
    /// The reference's cost divided by the server's, within each round: 1 is the reference.
    package var ratio: Spread?
    /// The server's throughput divided by the reference's.
    package var throughputRatio: Spread?
}

extension Standing {
    /// Beside the reference of the same round, if there is one: rounds differ more than servers.
    fileprivate var place: Double { relativeCosts.map { Spread($0).median } ?? cost.median }
}

extension Results {
    package func standing(of server: String, in load: Load) -> Standing? {
        guard let measured = measurements(of: server, in: load.name) else { return nil }
        let referred = measurements(of: reference, in: load.name)
        // Within the round: what the machine did in that minute, it did to both.
        let pairs = referred.map { zip($0, measured).map { ($0, $1) } }
        return Standing(
            server: server,
            measurements: measured,
            cost: Spread(measured.map(load.cost)),
            operationsPerSecond: Spread(measured.map(\.operationsPerSecond)),
            relativeCosts: pairs?.map { load.cost($1) / load.cost($0) },
            ratio: pairs.map { Spread($0.map { load.cost($0) / load.cost($1) }) },
            throughputRatio: pairs.map {
                Spread($0.map { $1.operationsPerSecond / $0.operationsPerSecond })
            })
    }

    /// Those of all servers that have figures, the cheapest first.
    package func standings(in load: Load) -> [Standing] {
        servers.compactMap { standing(of: $0, in: load) }
            .sorted { $0.place < $1.place }
    }
}

extension Load {
    func cost(_ measurement: Sample) -> Double {
        measure == .bulk ? measurement.nanosecondsPerMebibyte : measurement.cost
    }

    /// What a cost is for: "message", "MiB", "connection".
    func costUnit(_ measurement: Sample) -> String {
        measure == .bulk ? "MiB" : measurement.unit
    }

    /// A cost with its unit.
    func text(cost: Double) -> String {
        measure == .memory ? "\(cost.short) B" : cost.asTime
    }
}
