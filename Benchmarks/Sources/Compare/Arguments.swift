/// The command line.
struct Arguments {
    var workloads = Workload.all
    var servers = ["c", "buffered", "protocol"]
    var rounds = 7
    var seconds = 1.0
    var jsonFile: String?

    static let usage = """
        usage: Compare [--workloads a,b,...] [--servers c,buffered,protocol] [--rounds N]
                       [--seconds S] [--json FILE]
        workloads: \(Workload.all.map(\.name).joined(separator: ", "))
        servers: c, c-queued, or the name of an API of BenchServer
        """

    init(_ words: some Sequence<String>) throws(Failure) {
        var words = words.makeIterator()
        while let option = words.next() {
            guard let value = words.next() else {
                throw Self.rejected("missing value, or unknown option: \(option)")
            }
            switch option {
            case "--workloads": workloads = try Self.workloads(named: value)
            case "--servers": servers = Self.list(value)
            case "--rounds": rounds = try Self.number(value, for: option, in: 1...1_000)
            case "--seconds": seconds = try Self.number(value, for: option, in: 0.05...600)
            case "--json": jsonFile = value
            default: throw Self.rejected("unknown option: \(option)")
            }
        }
        guard !workloads.isEmpty else {
            throw Self.rejected("--workloads needs a name")
        }
        guard !servers.isEmpty, Set(servers).count == servers.count else {
            throw Self.rejected("--servers needs names that differ")
        }
    }

    private static func list(_ value: String) -> [String] {
        value.split(separator: ",").map(String.init)
    }

    private static func workloads(named value: String) throws(Failure) -> [Workload] {
        var found: [Workload] = []
        for name in list(value) {
            guard let workload = Workload.all.first(where: { $0.name == name }) else {
                throw rejected("unknown workload: \(name)")
            }
            found.append(workload)
        }
        return found
    }

    private static func number<Number: LosslessStringConvertible & Comparable>(
        _ value: String, for option: String, in range: ClosedRange<Number>
    ) throws(Failure) -> Number {
        guard let number = Number(value), range.contains(number) else {
            throw rejected("bad value for \(option): \(value)")
        }
        return number
    }

    private static func rejected(_ reason: String) -> Failure {
        Failure(message: "\(reason)\n\(usage)", status: 2)
    }
}
