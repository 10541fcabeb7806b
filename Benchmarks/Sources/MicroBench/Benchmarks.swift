// The rows, in the order of the table, with what section 6 of the design wants of each.

/// Several rows are of the same run: hands each result out to each of them.
private final class SharedRun {
    private static let rows = 3
    private let make: () throws -> ManyTimers
    private var result: ManyTimers?
    private var uses = 0

    init(_ make: @escaping () throws -> ManyTimers) {
        self.make = make
    }

    func next() throws -> ManyTimers {
        if uses.isMultiple(of: Self.rows) { result = try make() }
        uses += 1
        return result!
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
            "stop a timer, in random order", limit: nil, ours: { try ours.next().randomStopCost },
            reference: { try inC.next().randomStopCost }),
        Benchmark(
            "start and stop, few live", limit: 12, ours: OneTimer.ours, reference: OneTimer.inC),
        Benchmark(
            "one 1 ms timer, wall", unit: "ms", limit: 1.02, ours: Sleep.ours,
            reference: Sleep.inC),
        Benchmark("call soon, function and context", limit: 6, ours: Calls.function),
        Benchmark("call soon, closure", limit: 75, ours: Calls.closure),
        Benchmark("post from another thread", limit: 150, ours: Posts.ours),
        row("suspend and resume a task on a read", 200, .waits),
        Benchmark(
            "read 4 KiB of a file, callback", limit: nil, ours: FileReads.callbacks,
            reference: FileReads.inC),
        Benchmark(
            "read 4 KiB of a file, task", limit: nil,
            ours: { try FileReads.tasks(isArray: false) }, reference: FileReads.inC),
        Benchmark(
            "read 4 KiB of a file, task, array", limit: nil,
            ours: { try FileReads.tasks(isArray: true) }, reference: FileReads.inC),
        Benchmark(
            "look up 127.0.0.1", limit: nil, ours: { try Lookups.ours("127.0.0.1") },
            reference: { Lookups.inC("127.0.0.1") }),
        Benchmark(
            "look up 127.1, in the thread pool", limit: nil, ours: { try Lookups.ours("127.1") },
            reference: { Lookups.inC("127.1") }),
        // Swift's is Foundation's `Process`.
        Benchmark(
            "start a process and wait, callback", limit: nil, ours: Processes.callbacks,
            reference: Processes.inC, native: Processes.foundation),
        Benchmark(
            "start a process and wait, task", limit: nil, ours: Processes.tasks,
            reference: Processes.inC, native: Processes.foundation),
        row("main actor, another actor, and back", 370, .hops),
        row("Task.yield on the main actor", 580, .yields),
        row("spawn a task and wait for its value", 1_000, .spawns),
        row("Task.sleep, 20,000 at once", 4_000, .sleeps),
    ]
}

private func row(_ name: String, _ limit: Double, _ work: TaskWork) -> Benchmark {
    Benchmark(
        name, limit: limit, ours: { try work.cost(installed: true) },
        native: { try work.cost(installed: false) })
}
