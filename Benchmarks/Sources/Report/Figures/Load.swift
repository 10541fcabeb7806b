/// What a workload is, in a report.
package struct Load: Codable {
    /// What servers are compared by.
    package enum Measure: String, Codable {
        /// The server's CPU time for each operation.
        case time
        /// The same for each MiB, and the throughput: for frames of different sizes.
        case bulk
        /// The growth of the server's memory for each connection.
        case memory
    }

    /// A workload that is a point of a curve: the others of the curve differ only in this.
    package struct Growth: Codable, Equatable {
        package enum Axis: String, Codable, CaseIterable { case connections, payload }

        package var axis: Axis
        package var value: Double

        package init(_ axis: Axis, _ value: Double) {
            self.axis = axis
            self.value = value
        }
    }

    package var name: String
    package var title: String
    package var connections: Int
    package var size: Int?
    package var depth: Int
    package var measure: Measure
    package var growth: Growth?

    package init(
        name: String, title: String, connections: Int, size: Int?, depth: Int,
        measure: Measure, growth: Growth?
    ) {
        self.name = name
        self.title = title
        self.connections = connections
        self.size = size
        self.depth = depth
        self.measure = measure
        self.growth = growth
    }
}
