/// A question that a comparison answers: which workloads, and which servers.
struct Preset {
    var title: String
    var workloads: [Workload]
    var servers: [String]
    /// Client and servers on all cores, instead of one core each.
    var sharesCores = false

    static let standard = Preset(
        title: "UVLoop beside other event loops", workloads: Workload.standard,
        servers: [
            "c", "epoll", "buffered", "protocol", "stream", "nio", "nio-async", "dispatch",
            "uvloop", "asyncio", "node",
        ])

    /// What asyncio's buffered protocols were first shown with, and uvloop's own benchmark.
    static let seeds = Preset(
        title: "Plain against buffered protocols", workloads: Workload.seeds,
        servers: [
            "c", "asyncio", "asyncio-buffered", "uvloop", "uvloop-buffered", "protocol",
            "buffered", "stream",
        ])

    static let scale = Preset(
        title: "How cost grows, with one loop and with one for each core",
        workloads: Workload.scale,
        servers: ["c", "buffered", "stream", "buffered-group", "stream-group"],
        sharesCores: true)
}
