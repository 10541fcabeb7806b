// The rows, in the order of the table, with what section 6 of the design wants of each.

/// Two rows are of the same run: hands each result out twice.
private final class SharedRun {
    private let make: () throws -> ManyTimers
    private var result: ManyTimers?

    init(_ make: @escaping () throws -> ManyTimers) {
        self.make = make
    }

    func next() throws -> ManyTimers {
        if let result {
            self.result = nil
            return result
        }
        let made = try make()
        result = made
        return made
    }
}

func makeBenchmarks() -> [Benchmark] {
    let ours = SharedRun(ManyTimers.ours)
    let inC = SharedRun(ManyTimers.inC)
    return [
        Benchmark(
            "start a timer, a million live", limit: 40, ours: { try ours.next().startCost },
            reference: { try inC.next().startCost }),
        Benchmark(
            "stop a timer, a million live", limit: 20, ours: { try ours.next().stopCost },
            reference: { try inC.next().stopCost }),
        Benchmark(
            "start and stop, few live", limit: 12, ours: OneTimer.ours, reference: OneTimer.inC),
        Benchmark(
            "one 1 ms timer, wall", unit: "ms", limit: 1.02, ours: Sleep.ours,
            reference: Sleep.inC),
        Benchmark("call soon, function and context", limit: 6, ours: Calls.function),
        Benchmark("call soon, closure", limit: 75, ours: Calls.closure),
        Benchmark("post from another thread", limit: 150, ours: Posts.ours),
    ]
}
