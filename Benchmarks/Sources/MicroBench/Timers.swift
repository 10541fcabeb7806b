import CUV
import UVLoop

private let liveCount = 1_000_000
private let measuredCount = 100_000

/// Delays between a second and an hour, the same for both sides, in milliseconds.
private func delays(_ count: Int) -> [Int] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in Int.random(in: 1_000...3_600_000, using: &generator) }
}

/// Starts timers beside a million that are live, and stops them: first half of them in the order of
/// starting, then the other half in random order, where every one is a miss of the cache.
struct ManyTimers {
    var startCost = 0.0
    var stopCost = 0.0
    var randomStopCost = 0.0

    static func ours() throws -> ManyTimers {
        let loop = try EventLoop()
        var result = ManyTimers()
        let live = delays(liveCount).map { loop.callLater(.milliseconds($0)) {} }
        try loop.run(.nonBlocking)
        let timers = (0..<measuredCount).map { _ in Timer(loop) {} }
        let waits = delays(measuredCount).map { Duration.milliseconds($0) }
        result.startCost = try cost(of: measuredCount) {
            for (timer, wait) in zip(timers, waits) { timer.start(after: wait) }
            // The delays are added to the clock when the callback ends: that is part of it.
            try loop.run(.nonBlocking)
        }
        let half = measuredCount / 2
        result.stopCost = cost(of: half) {
            for timer in timers[..<half] { timer.stop() }
        }
        let order = timers[half...].shuffled()
        result.randomStopCost = cost(of: half) {
            for timer in order { timer.stop() }
        }
        for timer in live { timer.stop() }
        try loop.close()
        return result
    }

    static func inC() -> ManyTimers {
        let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        uv_loop_init(loop)
        let timers = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: liveCount + measuredCount)
        var result = ManyTimers()
        for (index, delay) in delays(liveCount).enumerated() {
            uv_timer_init(loop, timers + index)
            uv_timer_start(timers + index, { _ in }, UInt64(delay), 0)
        }
        let measured = timers + liveCount
        for index in 0..<measuredCount { uv_timer_init(loop, measured + index) }
        let waits = delays(measuredCount)
        result.startCost = cost(of: measuredCount) {
            for index in 0..<measuredCount {
                uv_timer_start(measured + index, { _ in }, UInt64(waits[index]), 0)
            }
        }
        let half = measuredCount / 2
        result.stopCost = cost(of: half) {
            for index in 0..<half { uv_timer_stop(measured + index) }
        }
        let order = (half..<measuredCount).shuffled()
        result.randomStopCost = cost(of: half) {
            for index in order { uv_timer_stop(measured + index) }
        }
        for index in 0..<(liveCount + measuredCount) {
            UnsafeMutableRawPointer(timers + index).withMemoryRebound(
                to: uv_handle_t.self, capacity: 1
            ) { uv_close($0, nil) }
        }
        uv_run(loop, UV_RUN_DEFAULT)
        uv_loop_close(loop)
        timers.deallocate()
        loop.deallocate()
        return result
    }
}

/// Starts and stops one timer, again and again, with none other live.
enum OneTimer {
    private static let count = 1_000_000

    static func ours() throws -> Double {
        let loop = try EventLoop()
        let timer = Timer(loop) {}
        let wait = Duration.seconds(60)
        let result = cost(of: count) {
            for _ in 0..<count {
                timer.start(after: wait)
                timer.stop()
            }
        }
        try loop.close()
        return result
    }

    static func inC() -> Double {
        let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        uv_loop_init(loop)
        let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        uv_timer_init(loop, timer)
        let result = cost(of: count) {
            for _ in 0..<count {
                uv_timer_start(timer, { _ in }, 60_000, 0)
                uv_timer_stop(timer)
            }
        }
        timer.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { uv_close($0, nil) }
        uv_run(loop, UV_RUN_DEFAULT)
        uv_loop_close(loop)
        timer.deallocate()
        loop.deallocate()
        return result
    }
}

/// How long a timer of 1 ms takes on the wall's clock, in milliseconds: the median of many.
enum Sleep {
    private static let count = 101

    static func ours() throws -> Double {
        let loop = try EventLoop()
        var times: [UInt64] = []
        for _ in 0..<count {
            let start = uv_hrtime()
            loop.callLater(.milliseconds(1)) { times.append(uv_hrtime() - start) }
            try loop.run()
        }
        try loop.close()
        return Double(times.sorted()[count / 2]) / 1e6
    }

    static func inC() -> Double {
        let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        uv_loop_init(loop)
        let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        uv_timer_init(loop, timer)
        var times: [UInt64] = []
        for _ in 0..<count {
            uv_update_time(loop)
            let start = uv_hrtime()
            uv_timer_start(timer, { _ in }, 1, 0)
            uv_run(loop, UV_RUN_DEFAULT)
            times.append(uv_hrtime() - start)
        }
        timer.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { uv_close($0, nil) }
        uv_run(loop, UV_RUN_DEFAULT)
        uv_loop_close(loop)
        timer.deallocate()
        loop.deallocate()
        return Double(times.sorted()[count / 2]) / 1e6
    }
}
