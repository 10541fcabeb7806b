import Dispatch
import Glibc

/// The same with Dispatch: timer sources and closures on one serial queue. The time of its threads
/// counts, so that each figure ends when they have come to rest.
enum DispatchWork {
    private static let queue = DispatchQueue(label: "benchmark")

    /// Waits until the process has used nothing for a while: what was asked for is then done.
    private static func settle() {
        queue.sync {}
        var before = processCPUTime()
        while true {
            usleep(20_000)
            let now = processCPUTime()
            // To look costs something itself.
            if now - before < 100_000 { return }
            before = now
        }
    }

    private static func makeTimers(_ count: Int) -> [any DispatchSourceTimer] {
        (0..<count).map { _ in
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.setEventHandler {}
            return timer
        }
    }

    private static func start(_ timers: [any DispatchSourceTimer]) {
        for timer in timers {
            timer.schedule(deadline: .now() + .milliseconds(.random(in: 1_000_000...3_600_000)))
            timer.activate()
        }
    }

    static func manyTimers() -> [Double] {
        let live = makeTimers(1_000_000)
        start(live)
        let timers = makeTimers(100_000)
        settle()
        let startCost = cost(of: timers.count) {
            start(timers)
            settle()
        }
        let half = timers.count / 2
        let stopCost = cost(of: half) {
            for timer in timers[..<half] { timer.cancel() }
            settle()
        }
        let others = timers[half...].shuffled()
        let randomCost = cost(of: half) {
            for timer in others { timer.cancel() }
            settle()
        }
        withExtendedLifetime(live) {}
        return [startCost, stopCost, randomCost]
    }

    /// A source that is cancelled never starts again, so this one is put off for ever instead.
    static func startAndStop() -> Double {
        let count = 100_000
        let timer = makeTimers(1)[0]
        timer.schedule(deadline: .distantFuture)
        timer.activate()
        settle()
        return queue.sync {
            cost(of: count) {
                for _ in 0..<count {
                    timer.schedule(deadline: .now() + .seconds(60))
                    timer.schedule(deadline: .distantFuture)
                }
            }
        }
    }

    /// In milliseconds on the wall's clock: the median of many.
    static func sleep() -> Double {
        var times: [UInt64] = []
        for _ in 0..<101 {
            let ended = DispatchSemaphore(value: 0)
            let timer = DispatchSource.makeTimerSource(queue: queue)
            // Sound: written before the signal, and read after it.
            nonisolated(unsafe) var end: UInt64 = 0
            timer.setEventHandler {
                end = DispatchTime.now().uptimeNanoseconds
                ended.signal()
            }
            let start = DispatchTime.now()
            timer.schedule(deadline: start + .milliseconds(1), leeway: .nanoseconds(0))
            timer.activate()
            ended.wait()
            times.append(end - start.uptimeNanoseconds)
            timer.cancel()
        }
        return Double(times.sorted()[times.count / 2]) / 1e6
    }

    /// Queued by a closure that runs on the queue, 1,000 at a time.
    static func closures() -> Double {
        let (turns, perTurn) = (500, 1_000)
        let counter = Counter()
        let ended = DispatchSemaphore(value: 0)
        @Sendable func turn(_ number: Int) {
            guard number < turns else {
                _ = ended.signal()
                return
            }
            // Captures a value of its own, so that each closure needs a context.
            for number in 0..<perTurn { queue.async { counter.value += number & 1 | 1 } }
            queue.async { turn(number + 1) }
        }
        let result = cost(of: turns * perTurn) {
            queue.async { turn(0) }
            ended.wait()
        }
        precondition(counter.value == turns * perTurn)
        return result
    }

    /// From another thread, as fast as it can.
    static func posts() -> Double {
        let count = 500_000
        let counter = Counter()
        return cost(of: count) {
            for number in 0..<count { queue.async { counter.value += number & 1 | 1 } }
            let value = queue.sync { counter.value }
            precondition(value == count)
        }
    }

    /// Sendable without the compiler's check: only used on the queue.
    private final class Counter: @unchecked Sendable {
        var value = 0
    }
}
