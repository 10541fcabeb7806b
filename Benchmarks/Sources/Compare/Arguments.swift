/// The command line.
struct Arguments {
    var preset = Preset.standard
    /// What is chosen instead of the preset's.
    var workloads: [String]?
    var servers: [String]?
    var rounds: Int?
    var seconds: Double?
    var isQuick = false
    var verifies = false
    /// Only to say what `Peers/setup` has to get for the servers; for the script.
    var asksForMissing = false
    /// Figures from before, which are shown again instead of measuring.
    var source: String?
    var files: [Output: String] = [:]
    /// What repeats the figures: the command without the files that it writes.
    private(set) var command = "./Benchmarks/run"

    enum Output: String, CaseIterable {
        case json = "--json"
        case html = "--html"
        case svg = "--svg"
    }

    static let usage = """
        usage: ./Benchmarks/run [options]
          --quick              one short round, in about a minute
          --seeds              plain against buffered protocols: large frames, and echo with 10
                               connections
          --scale              1 to 10,000 connections, 64 B to 1 MiB, one loop against a group
          --workloads a,b      of: \(Workload.standard.map(\.name).joined(separator: ", "))
          --servers a,b        of: \(Contender.known.joined(separator: ", "));
                               a server of UVLoop with \"-group\" behind it has a loop a core
          --rounds N           how often everything is repeated, in alternated order
          --seconds S          how long each run is measured; without it, a preset takes less
                               than five minutes
          --verify             the client compares every byte
          --json FILE          the figures of every round
          --html FILE          a page with plots
          --svg FILE           one picture
          --from FILE          shows the figures of a JSON file again, without measuring
        """

    init(_ words: some Sequence<String>) throws(Failure) {
        var words = words.makeIterator()
        while let option = words.next() {
            if option == "--missing" {
                asksForMissing = true
                continue
            }
            if takeSwitch(option) {
                command += " \(option)"
                continue
            }
            guard let value = words.next() else {
                throw Self.rejected("missing value, or unknown option: \(option)")
            }
            if let output = Output(rawValue: option) {
                files[output] = value
            } else {
                try take(option, value)
                command += " \(option) \(value)"
            }
        }
        if let servers, servers.isEmpty || Set(servers).count != servers.count {
            throw Self.rejected("--servers needs names that differ")
        }
        if let workloads, workloads.isEmpty || Set(workloads).count != workloads.count {
            throw Self.rejected("--workloads needs names that differ")
        }
    }

    private mutating func takeSwitch(_ option: String) -> Bool {
        switch option {
        case "--quick": isQuick = true
        case "--seeds": preset = .seeds
        case "--scale": preset = .scale
        case "--verify": verifies = true
        default: return false
        }
        return true
    }

    private mutating func take(_ option: String, _ value: String) throws(Failure) {
        switch option {
        case "--workloads": workloads = Self.list(value)
        case "--servers": servers = Self.list(value)
        case "--rounds": rounds = try Self.number(value, for: option, in: 1...1_000)
        case "--seconds": seconds = try Self.number(value, for: option, in: 0.05...600)
        case "--from": source = value
        default: throw Self.rejected("unknown option: \(option)")
        }
    }

    private static func list(_ value: String) -> [String] {
        value.split(separator: ",").map(String.init)
    }

    private static func number<Number: LosslessStringConvertible & Comparable>(
        _ value: String, for option: String, in range: ClosedRange<Number>
    ) throws(Failure) -> Number {
        guard let number = Number(value), range.contains(number) else {
            throw rejected("bad value for \(option): \(value)")
        }
        return number
    }

    static func rejected(_ reason: String) -> Failure {
        Failure(message: "\(reason)\n\(usage)", status: 2)
    }
}
