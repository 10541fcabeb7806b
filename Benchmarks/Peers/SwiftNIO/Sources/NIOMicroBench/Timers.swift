import Glibc
import NIOCore

/// Delays between a second and an hour.
private func delays(_ count: Int) -> [TimeAmount] {
    (0..<count).map { _ in .milliseconds(.random(in: 1_000...3_600_000)) }
}

/// Starts tasks beside a million that wait, and cancels them: first half of them in the order of
/// starting, then the other half in random order. To cancel has been as dear as all that wait
/// together, so it ends after a while.
func manyTimers() throws -> [Double] {
    let loop = makeLoop()
    return try loop.onThread {
        let live = delays(1_000_000).map { loop.scheduleTask(in: $0) {} }
        let waits = delays(100_000)
        var tasks: [Scheduled<Void>] = []
        tasks.reserveCapacity(waits.count)
        let startCost = cost(of: waits.count) {
            for wait in waits { tasks.append(loop.scheduleTask(in: wait) {}) }
        }
        let half = tasks.count / 2
        let stopCost = costOfCancelling(tasks[..<half])
        let randomCost = costOfCancelling(tasks[half...].shuffled()[...])
        withExtendedLifetime(live) {}
        return [startCost, stopCost, randomCost]
    }
}

private func costOfCancelling(_ tasks: ArraySlice<Scheduled<Void>>) -> Double {
    let begun = processCPUTime()
    var count = 0.0
    for task in tasks {
        task.cancel()
        count += 1
        let spent = processCPUTime() - begun
        if spent > 5e8 { return spent / count }
        // The clock costs something itself: many are looked at together if they are cheap.
        if spent / count < 10_000 { break }
    }
    let rest = tasks.dropFirst(Int(count))
    return cost(of: rest.count) { for task in rest { task.cancel() } }
}

/// Starts and cancels one task, again and again, with none other waiting.
func startAndStop() throws -> Double {
    let loop = makeLoop()
    let count = 200_000
    return try loop.onThread {
        cost(of: count) {
            for _ in 0..<count { loop.scheduleTask(in: .seconds(60)) {}.cancel() }
        }
    }
}

/// How long a task of 1 ms waits on the wall's clock, in milliseconds: the median of many.
func sleep() throws -> Double {
    let loop = makeLoop()
    var times: [Int64] = []
    for _ in 0..<101 {
        let waited = try loop.flatSubmit {
            let start = NIODeadline.now()
            return loop.scheduleTask(in: .milliseconds(1)) { NIODeadline.now() - start }
                .futureResult
        }.wait()
        times.append(waited.nanoseconds)
    }
    return Double(times.sorted()[times.count / 2]) / 1e6
}
