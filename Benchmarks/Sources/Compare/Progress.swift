import Foundation
import Report

/// Standard error: what goes on is not part of the result. A terminal shows one line that changes.
struct Progress {
    private let plan: Plan
    private let started = ContinuousClock.now
    private var done = 0
    private var secondsLeft: Double

    private static let isTerminal = isatty(STDERR_FILENO) == 1

    init(_ plan: Plan) {
        self.plan = plan
        secondsLeft = plan.duration
    }

    static func say(_ line: String) {
        let start = isTerminal ? "\r\u{1b}[K" : ""
        FileHandle.standardError.write(Data((start + line + "\n").utf8))
    }

    func begin() {
        let minutes = max(1, Int((plan.duration / 60).rounded(.up)))
        Self.say(
            "\(plan.title): \(plan.runs) runs of \(plan.seconds.short) s, "
                + "up to \(minutes == 1 ? "a minute" : "\(minutes) minutes")")
    }

    mutating func step(
        _ workload: Workload, _ participant: Participant, round: Int, _ measurement: Sample
    ) {
        skip(workload)
        let cost = measurement.cost
        let text = workload.measure == .memory ? "\(cost.short) B" : cost.asTime
        show(
            "\(count) round \(round)/\(plan.rounds) \(workload.name) \(participant.name): "
                + "\(text) per \(measurement.unit)")
    }

    /// The run is over, or will not be.
    mutating func skip(_ workload: Workload) {
        done += 1
        secondsLeft -= workload.duration(seconds: plan.seconds)
    }

    mutating func fail(_ workload: Workload, _ participant: Participant, _ error: Failure) {
        skip(workload)
        Self.say("\(count) \(workload.name) \(participant.name) has no figures: \(error.message)")
    }

    func end() {
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        Self.say("\(done) runs in \(Int(seconds)) s")
    }

    private var count: String {
        let seconds = max(0, Int(secondsLeft))
        let clock = "\(seconds / 60):" + (seconds % 60 < 10 ? "0" : "") + "\(seconds % 60)"
        return "[\(done)/\(plan.runs), \(clock) left]"
    }

    private func show(_ line: String) {
        guard Self.isTerminal else { return Self.say(line) }
        FileHandle.standardError.write(Data("\r\u{1b}[K\(line)".utf8))
    }
}
