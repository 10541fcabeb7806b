/// What a command line comes down to: every run, and about how long they take.
struct Plan {
    let title: String
    let workloads: [Workload]
    let servers: [String]
    let rounds: Int
    let seconds: Double
    let sharesCores: Bool

    /// What a comparison takes whose length nobody has asked for.
    private static let budget = 270.0
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
        rounds = arguments.rounds ?? (arguments.isQuick ? 1 : 3)
        seconds =
            arguments.seconds
            ?? (arguments.isQuick
                ? Self.secondsAllowed.lowerBound
                : Self.secondsWithinBudget(chosen, runs: rounds * servers.count))
    }

    /// The longest that fits, in twentieths.
    private static func secondsWithinBudget(_ workloads: [Workload], runs: Int) -> Double {
        let choices = stride(
            from: secondsAllowed.upperBound, to: secondsAllowed.lowerBound, by: -0.05)
        let fitting = choices.first { seconds in
            workloads.reduce(0) { $0 + $1.duration(seconds: seconds) } * Double(runs) <= budget
        }
        return ((fitting ?? secondsAllowed.lowerBound) * 20).rounded() / 20
    }

    var runs: Int { rounds * workloads.count * servers.count }

    var duration: Double {
        workloads.reduce(0) { $0 + $1.duration(seconds: seconds) }
            * Double(rounds * servers.count)
    }
}
