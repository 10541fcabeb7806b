/// What is shown growing.
struct GrowthMeasure {
    var title: String
    var unit: String
    var caption: String
    var isLogarithmic: Bool
    var text: (Double) -> String
    var value: (Sample) -> Double?

    static func all(_ axis: Load.Growth.Axis) -> [GrowthMeasure] {
        switch axis {
        case .connections: [cost, rate, latency]
        case .payload: [costOfBytes, throughput, latency]
        }
    }

    private static var cost: GrowthMeasure {
        GrowthMeasure(
            title: "Cost of a message", unit: "server's CPU time",
            caption: "The server's CPU time for each message, all its threads. Lower is better.",
            isLogarithmic: false, text: \.asTimeAtAxis, value: \.cpuNanosecondsPerOperation)
    }

    private static var costOfBytes: GrowthMeasure {
        GrowthMeasure(
            title: "Cost of a MiB", unit: "server's CPU time",
            caption: "The server's CPU time for each MiB echoed, all its threads; both axes are "
                + "logarithmic. Lower is better.",
            isLogarithmic: true, text: \.asTimeAtAxis, value: \.nanosecondsPerMebibyte)
    }

    private static var rate: GrowthMeasure {
        GrowthMeasure(
            title: "Messages a second", unit: "messages/s",
            caption: "With client and server on the same cores. Higher is better.",
            isLogarithmic: false, text: \.shortWithPrefix, value: \.operationsPerSecond)
    }

    private static var throughput: GrowthMeasure {
        GrowthMeasure(
            title: "Throughput", unit: "MB/s",
            caption: "Echoed, with client and server on the same cores; both axes are "
                + "logarithmic. Higher is better.",
            isLogarithmic: true, text: \.shortest, value: \.megabytesPerSecond)
    }

    private static var latency: GrowthMeasure {
        GrowthMeasure(
            title: "Latency", unit: "99 % of the answers took no longer",
            caption: "In a closed loop, where every connection waits for its answer; both axes "
                + "are logarithmic. Lower is better.",
            isLogarithmic: true, text: \.asTimeAtAxis,
            value: { $0.latency?["p99"].map { $0 * 1_000 } })
    }
}
