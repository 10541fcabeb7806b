/// What the load generator reports about one run.
struct Measurement: Codable {
    var unit: String
    var connections: Int
    var operations: Double
    var operationsPerSecond: Double
    var cpuNanosecondsPerOperation: Double
    var bytesPerConnection: Double?
    var latency: [String: Double]?

    enum CodingKeys: String, CodingKey {
        case unit, connections, operations
        case operationsPerSecond = "operations_per_second"
        case cpuNanosecondsPerOperation = "cpu_ns_per_operation"
        case bytesPerConnection = "bytes_per_connection"
        case latency = "latency_us"
    }

    /// What servers are compared by; less is better.
    var cost: Double {
        bytesPerConnection ?? cpuNanosecondsPerOperation
    }
}
