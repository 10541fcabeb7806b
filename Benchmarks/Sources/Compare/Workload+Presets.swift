import Report

extension Workload {
    /// The numbers of connections keep the server's processor busy without queues that only add
    /// cache misses; with fewer, the figures depend on who sleeps first.
    static let standard = [
        Workload(
            name: "echo", title: "Echo of 64 B, 50 connections", serverMode: "echo",
            generatorName: "echo", connections: 50, size: 64),
        Workload(
            name: "pipelined", title: "The same, 16 requests pipelined", serverMode: "echo",
            generatorName: "echo", connections: 50, size: 64, depth: 16),
        Workload(
            name: "frames-1m", title: "Frames of 1 MiB", serverMode: "frames",
            generatorName: "frames", connections: 2, size: 1 << 20),
        Workload(
            name: "frames-16k", title: "Frames of 16 KiB", serverMode: "frames",
            generatorName: "frames", connections: 16, size: 16 << 10),
        Workload(
            name: "sink", title: "Receive and drop", serverMode: "sink", generatorName: "sink",
            connections: 16),
        Workload(
            name: "source", title: "Send 64 KiB chunks for ever", serverMode: "source",
            generatorName: "source", connections: 4),
        Workload(
            name: "churn", title: "Connect, one message, close", serverMode: "echo",
            generatorName: "churn", connections: 16, size: 64),
        Workload(
            name: "idle", title: "Memory of an idle connection", serverMode: "echo",
            generatorName: "idle", connections: 10_000, size: 64, measure: .memory),
    ]

    static let seeds =
        [1, 2, 4].map { mebibytes in
            Workload(
                name: "frames-\(mebibytes)m", title: "Frames of \(mebibytes) MiB",
                serverMode: "frames", generatorName: "frames", connections: 2,
                size: mebibytes << 20, measure: .bulk)
        }
        + [1, 10, 100].map { kibibytes in
            Workload(
                name: "echo-\(kibibytes)k", title: "Echo of \(kibibytes) KiB, 10 connections",
                serverMode: "echo", generatorName: "echo", connections: 10,
                size: kibibytes << 10)
        }

    static let scale =
        [1, 10, 100, 1_000, 10_000].map { connections in
            Workload(
                name: "connections-\(connections)", title: "\(connections.withCommas) connections",
                serverMode: "echo", generatorName: "echo", connections: connections, size: 64,
                growth: Load.Growth(.connections, Double(connections)))
        }
        + [64, 1 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20].map { size in
            Workload(
                name: "payload-\(size)", title: "Messages of \(size.asBytes)",
                serverMode: "echo", generatorName: "echo", connections: 10, size: size,
                growth: Load.Growth(.payload, Double(size)))
        }

    static let all = standard + seeds + scale
}
