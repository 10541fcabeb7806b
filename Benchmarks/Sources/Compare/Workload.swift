import Report

/// One row of the comparison: what the server does and how it is loaded.
struct Workload {
    let name: String
    let title: String
    let serverMode: String
    let generatorName: String
    let connections: Int
    var size: Int?
    var depth = 1
    var measure = Load.Measure.time
    var growth: Load.Growth?

    /// What a report says about it.
    var load: Load {
        Load(
            name: name, title: title, connections: connections, size: size, depth: depth,
            measure: measure, growth: growth)
    }

    /// Many connections need longer until each of them has had its turn.
    func warmup(seconds: Double) -> Double {
        let usual = min(0.4, max(0.1, seconds / 2))
        return connections >= 5_000 ? max(usual, 0.8) : usual
    }

    func seconds(_ seconds: Double) -> Double {
        connections >= 5_000 ? max(seconds, 0.5) : seconds
    }

    /// What a connection costs in memory is the same every time, so once is enough.
    func rounds(of all: Int) -> Int {
        measure == .memory ? 1 : all
    }

    /// About how long one run takes, the server's start and end included.
    func duration(seconds: Double) -> Double {
        switch measure {
        case .memory: 3
        case .time, .bulk: self.seconds(seconds) + warmup(seconds: seconds) + connecting + 0.25
        }
    }

    private var connecting: Double { Double(connections) * 50e-6 }

    func generatorArguments(
        port: Int, server: Int32, seconds: Double, workers: Int, verifies: Bool
    ) -> [String] {
        // The baseline and the server's other descriptors need room beside the connections.
        let affordable = max(1, min(connections, DescriptorLimit.current - 256))
        var arguments = [
            "--port", String(port), "--pid", String(server), "--workload", generatorName,
            "--connections", String(affordable), "--depth", String(depth),
            "--seconds", String(self.seconds(seconds)),
            "--warmup", String(warmup(seconds: seconds)),
        ]
        if let size {
            arguments += ["--size", String(size)]
        }
        if workers > 1, measure != .memory {
            arguments += ["--workers", String(workers)]
        }
        return verifies ? arguments + ["--verify"] : arguments
    }
}
