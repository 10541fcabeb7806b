import ExampleSupport
import UVLoop

/// Ticks, and says how late each tick was: in callback style, without any task.
@main struct Clock {
    static let usage = "usage: clock [--ticks N] [--every MILLISECONDS]"

    static func main() {
        var words = CommandLineWords(usage: usage)
        var ticks: Int?
        var period = Duration.seconds(1)
        while let word = words.next() {
            switch word {
            case "--ticks": ticks = words.number(for: word, in: 1...1_000_000)
            case "--every": period = .milliseconds(words.number(for: word, in: 1...3_600_000))
            default: words.reject("unknown option: \(word)")
            }
        }
        do {
            try run(every: period, ticks: ticks)
        } catch {
            fail("clock: \(error)")
        }
    }

    static func run(every period: Duration, ticks: Int?) throws {
        let loop = try EventLoop()
        var record = TickRecord(period: period, start: loop.now)

        // The deadlines are start + 1 period, start + 2 periods, …: they are counted from one
        // another, not from when the callback came, so that lateness does not add up.
        let ticking = Timer(loop) { say(record.tick(at: loop.now)) }
        ticking.start(at: record.start.advanced(by: period), repeating: period)

        // A one-shot timer, half a period after the last tick, ends it.
        if let ticks {
            loop.callAt(record.start.advanced(by: period * ticks + period / 2)) { ticking.stop() }
        }

        // So does a signal. Waiting for one is no reason to go on running.
        for watch in try onTerminationSignal(loop, { loop.stop() }) {
            watch.keepsLoopAlive = false
        }

        // Returns when no timer is left that keeps the loop alive, or after `stop`.
        try loop.run()
        try loop.close()
        say(record.summary)
    }
}

/// What the ticks were, and what they should have been.
struct TickRecord {
    let period: Duration
    let start: EventLoop.Instant
    private var number = 0
    private var skipped = 0
    private var lateness = Duration.zero
    private var greatestLateness = Duration.zero

    init(period: Duration, start: EventLoop.Instant) {
        self.period = period
        self.start = start
    }

    /// Notes a tick, and describes it.
    mutating func tick(at now: EventLoop.Instant) -> String {
        // A timer never fires early, and skips the deadlines that have passed: so this is the
        // number of the deadline that it fired for.
        let elapsed = start.duration(to: now)
        let due = Int(elapsed.attoseconds / period.attoseconds)
        skipped += due - number - 1
        number = due
        lateness = elapsed - period * number
        greatestLateness = max(greatestLateness, lateness)
        return "tick \(number), \(microseconds(lateness)) late"
    }

    /// All ticks in one line.
    var summary: String {
        """
        \(number - skipped) ticks, \(skipped) skipped; the last \(microseconds(lateness)) late, \
        the latest \(microseconds(greatestLateness))
        """
    }

    private func microseconds(_ duration: Duration) -> String {
        "\(Int(duration / .microseconds(1))) µs"
    }
}
