import Foundation
import Report

/// Results with the given CPU times, in nanoseconds by round.
func results(
    workload: String = "echo", measure: Load.Measure = .time, growth: Load.Growth? = nil,
    _ servers: KeyValuePairs<String, [Double]>
) throws -> Results {
    var results = Results(
        title: "A <title> & more", command: "./Benchmarks/run", date: "today",
        machine: Machine(
            processor: "CPU", cores: 2, memoryGigabytes: 8, system: "System", kernel: "1.0"),
        rounds: 2, seconds: 1, verified: false, servers: servers.map(\.key),
        workloads: [
            Load(
                name: workload, title: "Work", connections: 10, size: 64, depth: 1,
                measure: measure, growth: growth)
        ])
    for (server, costs) in servers {
        for cost in costs {
            results.add(try sample(cost: cost), workload: workload, server: server)
        }
    }
    return results
}

/// What the load generator would say about 1,000 messages of 1 KiB in half a second.
func sample(cost: Double) throws -> Sample {
    let line = """
        {"workload":"echo","unit":"message","connections":10,"size":1024,"depth":1,\
        "seconds":0.5,"operations":1000.0,"operations_per_second":2000.0,"bytes":1024000,\
        "cpu_ns_per_operation":\(cost),"client_cpu_ns_per_operation":7.5,\
        "bytes_per_connection":null,"latency_us":{"p50":10.5,"p99":20,"p99.9":30,"max":31},\
        "errors":0}
        """
    return try JSONDecoder().decode(Sample.self, from: Data(line.utf8))
}
