/// One row of the comparison: what the server does and how it is loaded.
struct Workload {
    let name: String
    let serverMode: String
    let generatorName: String
    let connections: Int
    var size: Int?
    var depth = 1
    /// Compared by memory per connection instead of CPU time per operation.
    var measuresMemory = false

    /// The numbers of connections keep the server's processor busy without queues that only add
    /// cache misses; with fewer, the figures depend on who sleeps first.
    static let all = [
        Workload(
            name: "echo", serverMode: "echo", generatorName: "echo", connections: 50, size: 64),
        Workload(
            name: "pipelined", serverMode: "echo", generatorName: "echo", connections: 50,
            size: 64, depth: 16),
        Workload(
            name: "frames-1m", serverMode: "frames", generatorName: "frames", connections: 2,
            size: 1 << 20),
        Workload(
            name: "frames-16k", serverMode: "frames", generatorName: "frames", connections: 16,
            size: 16 << 10),
        Workload(name: "sink", serverMode: "sink", generatorName: "sink", connections: 16),
        Workload(name: "source", serverMode: "source", generatorName: "source", connections: 4),
        Workload(
            name: "churn", serverMode: "echo", generatorName: "churn", connections: 16, size: 64),
        Workload(
            name: "idle", serverMode: "echo", generatorName: "idle", connections: 10_000,
            size: 64, measuresMemory: true),
    ]

    func generatorArguments(port: Int, server: Int32, seconds: Double) -> [String] {
        // The baseline and the server's other descriptors need room beside the connections.
        let affordable = max(1, min(connections, DescriptorLimit.current - 256))
        var arguments = [
            "--port", String(port), "--pid", String(server), "--workload", generatorName,
            "--connections", String(affordable), "--depth", String(depth),
            "--seconds", String(seconds), "--warmup", "0.4",
        ]
        if let size {
            arguments += ["--size", String(size)]
        }
        return arguments
    }
}
