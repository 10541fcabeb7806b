/// What the load generator reports about one run.
package struct Sample: Codable {
    package var unit: String
    package var connections: Int
    package var seconds: Double
    package var operations: Double
    package var operationsPerSecond: Double
    package var bytes: Double
    package var cpuNanosecondsPerOperation: Double
    /// What the load generator itself spent.
    package var clientNanosecondsPerOperation: Double?
    package var bytesPerConnection: Double?
    /// Microseconds by percentile: p50, p99.9, max.
    package var latency: [String: Double]?

    enum CodingKeys: String, CodingKey {
        case unit, connections, seconds, operations, bytes
        case operationsPerSecond = "operations_per_second"
        case cpuNanosecondsPerOperation = "cpu_ns_per_operation"
        case clientNanosecondsPerOperation = "client_cpu_ns_per_operation"
        case bytesPerConnection = "bytes_per_connection"
        case latency = "latency_us"
    }

    /// What servers are compared by; less is better.
    package var cost: Double {
        bytesPerConnection ?? cpuNanosecondsPerOperation
    }

    package var megabytesPerSecond: Double { bytes / seconds / 1e6 }

    package var nanosecondsPerMebibyte: Double {
        cpuNanosecondsPerOperation * operations / (bytes / Double(1 << 20))
    }
}
