// The rows, in the order of the table, with what section 6 of the design wants of each.

/// Several rows are of the same run: hands each result out to each of them.
private final class SharedRun<Result> {
    private static var rows: Int { 3 }
    private let make: () throws -> Result
    private var result: Result?
    private var uses = 0

    init(_ make: @escaping () throws -> Result) {
        self.make = make
    }

    func next() throws -> Result {
        if uses.isMultiple(of: Self.rows) { result = try make() }
        uses += 1
        return result!
    }
}

/// One of the figures that a run has, if there are such runs.
private func figure(
    _ index: Int, of runs: SharedRun<[Double]>?
) -> (() throws -> Double)? {
    runs.map { runs in { try runs.next()[index] } }
}

func makeBenchmarks() -> [Benchmark] {
    let ours = SharedRun(ManyTimers.ours)
    let inC = SharedRun(ManyTimers.inC)
    let nio = PeerWork.manyTimers.nio.map { SharedRun($0) }
    let dispatch = SharedRun { try PeerWork.manyTimers.dispatch() }
    return [
        Benchmark(
            "start a timer, a million live", limit: 40, ours: { try ours.next().startCost },
            reference: { try inC.next().startCost }, nio: figure(0, of: nio),
            dispatch: figure(0, of: dispatch)),
        Benchmark(
            "stop a timer, a million live", limit: 20, ours: { try ours.next().stopCost },
            reference: { try inC.next().stopCost }, nio: figure(1, of: nio),
            dispatch: figure(1, of: dispatch)),
        Benchmark(
            "stop a timer, in random order", limit: nil, ours: { try ours.next().randomStopCost },
            reference: { try inC.next().randomStopCost }, nio: figure(2, of: nio),
            dispatch: figure(2, of: dispatch)),
        row(
            "start and stop, few live", limit: 12, .startStop, ours: OneTimer.ours,
            reference: OneTimer.inC),
        row(
            "one 1 ms timer, wall", unit: "ms", limit: 1.02, .sleep, ours: Sleep.ours,
            reference: Sleep.inC),
        Benchmark("call soon, function and context", limit: 6, ours: Calls.function),
        row("call soon, closure", limit: 75, .closures, ours: Calls.closure),
        row("post from another thread", limit: 150, .posts, ours: Posts.ours),
        Benchmark(
            "suspend and resume a task on a read", limit: 200,
            ours: { try TaskWork.waits.cost(installed: true) },
            native: { try TaskWork.waits.cost(installed: false) },
            nio: PeerWork.waits.nio.map { run in { try run()[0] } }),
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
            reference: Processes.inC, native: { try PeerWork.processes.dispatch()[0] }),
        Benchmark(
            "start a process and wait, task", limit: nil, ours: Processes.tasks,
            reference: Processes.inC, native: { try PeerWork.processes.dispatch()[0] }),
        Benchmark(
            "start a process with 64 MiB in use", limit: nil,
            ours: { try Processes.amidMemory(Processes.callbacks) },
            reference: { Processes.amidMemory(Processes.inC) }),
        row("main actor, another actor, and back", 370, .hops),
        row("Task.yield on the main actor", 580, .yields),
        row("spawn a task and wait for its value", 1_000, .spawns),
        row("Task.sleep, 20,000 at once", 4_000, .sleeps),
    ]
}

/// A row with one figure of NIO and one of Dispatch.
private func row(
    _ name: String, unit: String = "ns", limit: Double, _ work: PeerWork,
    ours: @escaping () throws -> Double, reference: (() throws -> Double)? = nil
) -> Benchmark {
    Benchmark(
        name, unit: unit, limit: limit, ours: ours, reference: reference,
        nio: work.nio.map { run in { try run()[0] } }, dispatch: { try work.dispatch()[0] })
}

private func row(_ name: String, _ limit: Double, _ work: TaskWork) -> Benchmark {
    Benchmark(
        name, limit: limit, ours: { try work.cost(installed: true) },
        native: { try work.cost(installed: false) })
}
