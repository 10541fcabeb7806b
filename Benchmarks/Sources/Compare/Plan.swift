/// What a command line comes down to: every run, and about how long they take.
struct Plan {
    let title: String
    let workloads: [Workload]
    let servers: [String]
    let rounds: Int
    let seconds: Double
    let sharesCores: Bool

    /// What a comparison takes whose length nobody has asked for.
    private static let budget = 220.0
    private static let secondsAllowed = 0.2...1.0

    init(_ arguments: Arguments, servers: [String]) throws(Failure) {
        let preset = arguments.preset
        title = preset.title
        sharesCores = preset.sharesCores
        self.servers = servers
        var chosen = preset.workloads
        if let names = arguments.workloads {
            chosen = []
            for name in names {
                let known = preset.workloads + Workload.all
                guard let workload = known.first(where: { $0.name == name }) else {
                    throw Arguments.rejected("unknown workload: \(name)")
                }
                chosen.append(workload)
            }
        }
        workloads = chosen
        rounds = arguments.rounds ?? (arguments.isQuick ? 1 : 5)
        seconds =
            arguments.seconds
            ?? (arguments.isQuick
                ? Self.secondsAllowed.lowerBound
                : Self.secondsWithinBudget(chosen, rounds: rounds, servers: servers.count))
    }

    /// The longest that fits, in twentieths.
    private static func secondsWithinBudget(
        _ workloads: [Workload], rounds: Int, servers: Int
    ) -> Double {
        let choices = stride(
            from: secondsAllowed.upperBound, to: secondsAllowed.lowerBound, by: -0.05)
        let fitting = choices.first { seconds in
            duration(workloads, rounds: rounds, servers: servers, seconds: seconds) <= budget
        }
        return ((fitting ?? secondsAllowed.lowerBound) * 20).rounded() / 20
    }

    var runs: Int {
        workloads.reduce(0) { $0 + $1.rounds(of: rounds) } * servers.count
    }

    var duration: Double {
        Self.duration(workloads, rounds: rounds, servers: servers.count, seconds: seconds)
    }

    private static func duration(
        _ workloads: [Workload], rounds: Int, servers: Int, seconds: Double
    ) -> Double {
        workloads.reduce(0) { sum, workload in
            sum + workload.duration(seconds: seconds) * Double(workload.rounds(of: rounds))
        } * Double(servers)
    }
}
