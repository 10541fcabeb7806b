import Foundation

/// The runs: in each round every workload, in each workload every server.
struct Comparison {
    private let arguments: Arguments
    private let contenders: [Contender]
    private let pinning = ProcessorPinning()

    init(_ arguments: Arguments) throws(Failure) {
        self.arguments = arguments
        contenders = arguments.servers.map(Contender.init(name:))
        // A missing program should be known before minutes of measuring.
        for program in Set(contenders.map(\.program) + ["LoadGenerator"]) {
            _ = try SiblingPrograms.path(of: program)
        }
    }

    func run() throws(Failure) -> Results {
        var results = Results(servers: arguments.servers)
        for round in 1...arguments.rounds {
            // Whatever the second runner gains or loses by its place, it has in every other round.
            let order = round.isMultiple(of: 2) ? contenders.reversed() : contenders
            for workload in arguments.workloads {
                for contender in order {
                    let measurement = try measure(workload, contender)
                    results.add(measurement, workload: workload.name, server: contender.name)
                    say(measurement, round: round, workload: workload, contender: contender)
                }
            }
        }
        return results
    }

    private func measure(
        _ workload: Workload, _ contender: Contender
    ) throws(Failure) -> Measurement {
        let server = try RunningServer(contender, mode: workload.serverMode, pinning: pinning)
        let load = LoadRun(workload: workload, server: server, seconds: arguments.seconds)
        let measurement = try load.measure(pinning: pinning)
        try server.stop()
        return measurement
    }

    private func say(
        _ measurement: Measurement, round: Int, workload: Workload, contender: Contender
    ) {
        let cost = measurement.cost.formatted(decimals: 0)
        let unit = workload.measuresMemory ? "bytes" : "CPU ns"
        Progress.say(
            "round \(round)/\(arguments.rounds) \(workload.name) \(contender.name): "
                + "\(cost) \(unit) per \(measurement.unit), "
                + "\(measurement.connections) connections")
    }
}
