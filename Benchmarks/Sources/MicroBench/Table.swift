import Glibc

/// The CPU time that the process has used, in nanoseconds.
func processCPUTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// CPU nanoseconds for each of `count` operations.
func cost(of count: Int, _ body: () throws -> Void) rethrows -> Double {
    let start = processCPUTime()
    try body()
    return (processCPUTime() - start) / Double(count)
}

/// One row: what is measured, for UVLoop and, where there is something to compare, for others.
struct Benchmark {
    let name: String
    let unit: String
    /// What section 6 of the design wants; nil for a row that is there to be compared.
    let limit: Double?
    let ours: () throws -> Double
    let reference: (() throws -> Double)?
    /// Swift's default executors.
    let native: (() throws -> Double)?
    let nio: (() throws -> Double)?
    let dispatch: (() throws -> Double)?

    init(
        _ name: String, unit: String = "ns", limit: Double?, ours: @escaping () throws -> Double,
        reference: (() throws -> Double)? = nil, native: (() throws -> Double)? = nil,
        nio: (() throws -> Double)? = nil, dispatch: (() throws -> Double)? = nil
    ) {
        self.native = native
        self.nio = nio
        self.dispatch = dispatch
        self.name = name
        self.unit = unit
        self.limit = limit
        self.ours = ours
        self.reference = reference
    }

    func run(into table: Table) throws {
        if let reference { table.add(try reference(), to: name + "/c") }
        if let native { table.add(try native(), to: name + "/swift") }
        if let nio { table.add(try nio(), to: name + "/nio") }
        if let dispatch { table.add(try dispatch(), to: name + "/dispatch") }
        table.add(try ours(), to: name)
    }
}

/// All results, and their printing.
final class Table {
    private var results: [String: [Double]] = [:]

    func add(_ value: Double, to name: String) {
        results[name, default: []].append(value)
    }

    private func median(_ name: String) -> Double? {
        guard let values = results[name]?.sorted() else { return nil }
        return values[values.count / 2]
    }

    func print(_ benchmarks: [Benchmark]) {
        Swift.print(
            row(
                "operation", "unit", "C libuv", "Swift's", "NIO", "Dispatch", "UVLoop", "min..max",
                "to reach"))
        for benchmark in benchmarks {
            let values = results[benchmark.name]!
            Swift.print(
                row(
                    benchmark.name, benchmark.unit,
                    median(benchmark.name + "/c").map(text) ?? "-",
                    median(benchmark.name + "/swift").map(text) ?? "-",
                    median(benchmark.name + "/nio").map(text) ?? "-",
                    median(benchmark.name + "/dispatch").map(text) ?? "-",
                    text(median(benchmark.name)!),
                    "\(text(values.min()!))..\(text(values.max()!))",
                    benchmark.limit.map(text) ?? "-"))
        }
    }

    private func text(_ value: Double) -> String {
        let tenths = (value * 100).rounded() / 100
        return value < 10 ? "\(tenths)" : "\(Int(value.rounded()))"
    }

    private func row(_ cells: String...) -> String {
        zip(cells, [36, 4, 7, 7, 7, 8, 6, 12, 8]).map { cell, width in
            let padding = String(repeating: " ", count: max(0, width - cell.count))
            return width == 36 ? cell + padding : padding + cell
        }.joined(separator: "  ")
    }
}
