import Foundation

/// All measurements of a comparison, and what somebody who reads them has to know about it.
package struct Results: Codable {
    /// The runs of one server under one workload.
    package struct Series: Codable {
        package var workload: String
        package var server: String
        /// One for each round.
        package var measurements: [Sample]
    }

    /// A server that has no figures, in one workload or (nil) in any.
    package struct Absence: Codable {
        package var server: String
        package var workload: String?
        package var reason: String
    }

    package var title: String
    package var command: String
    package var date: String
    package var machine: Machine
    package var rounds: Int
    /// How long each run was measured.
    package var seconds: Double
    /// Whether the client has compared every byte.
    package var verified: Bool
    package var servers: [String]
    package var workloads: [Load]
    package private(set) var series: [Series] = []
    package private(set) var absences: [Absence] = []

    package init(
        title: String, command: String, date: String, machine: Machine, rounds: Int,
        seconds: Double, verified: Bool, servers: [String], workloads: [Load]
    ) {
        self.title = title
        self.command = command
        self.date = date
        self.machine = machine
        self.rounds = rounds
        self.seconds = seconds
        self.verified = verified
        self.servers = servers
        self.workloads = workloads
    }

    /// C where it takes part, else the server named first.
    package var reference: String {
        servers.contains("c") ? "c" : servers.first ?? ""
    }

    package mutating func add(_ measurement: Sample, workload: String, server: String) {
        if let index = index(workload, server) {
            series[index].measurements.append(measurement)
        } else {
            series.append(
                Series(workload: workload, server: server, measurements: [measurement]))
        }
    }

    /// A server that failed once in a workload has no figures there, also not those from before.
    package mutating func drop(_ server: String, in workload: String?, because reason: String) {
        series.removeAll {
            $0.server == server && (workload == nil || $0.workload == workload)
        }
        absences.append(Absence(server: server, workload: workload, reason: reason))
    }

    package func hasDropped(_ server: String, in workload: String) -> Bool {
        absences.contains {
            $0.server == server && ($0.workload == nil || $0.workload == workload)
        }
    }

    package func measurements(of server: String, in workload: String) -> [Sample]? {
        index(workload, server).map { series[$0].measurements }
    }

    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    private func index(_ workload: String, _ server: String) -> Int? {
        series.firstIndex { $0.workload == workload && $0.server == server }
    }
}
