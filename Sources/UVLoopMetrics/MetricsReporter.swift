import UVLoop

#if Metrics
import Metrics

extension EventLoop {
    /// Reports to swift-metrics what the loop does, every so often, until the reporter is stopped
    /// or the loop closes. On the loop's thread only.
    ///
    /// ```swift
    /// loop.reportMetrics(every: .seconds(10), dimensions: [("loop", "main")])
    /// ```
    ///
    /// The metrics are those of ``MetricLabel``. Begins to measure the loop's idle time, see
    /// `EventLoop.startMeasuring`; a report is a walk over the loop's handles.
    ///
    /// - Parameters:
    ///   - interval: how long between two reports; at least a millisecond.
    ///   - dimensions: what tells this loop from others.
    ///   - factory: who takes the reports; at first whom the program has given to `MetricsSystem`.
    /// - Returns: the reporter, to stop it; it needs not be kept, and does not keep the loop alive.
    @discardableResult
    public nonisolated func reportMetrics(
        every interval: Duration = .seconds(10), dimensions: [(String, String)] = [],
        to factory: any MetricsFactory = MetricsSystem.factory
    ) -> MetricsReporter {
        MetricsReporter(self, max(interval, .milliseconds(1)), dimensions, factory)
    }
}

extension EventLoopGroup {
    /// Reports what each loop of the group does, with its number as the dimension `loop`.
    ///
    /// - Parameters:
    ///   - interval: how long between two reports; at least a millisecond.
    ///   - factory: who takes the reports; at first whom the program has given to `MetricsSystem`.
    /// - Throws: `EventLoopError.closed` after the group's end.
    public func reportMetrics(
        every interval: Duration = .seconds(10),
        to factory: any MetricsFactory = MetricsSystem.factory
    ) async throws {
        for (number, loop) in loops.enumerated() {
            try await loop.perform { loop in
                _ = loop.reportMetrics(
                    every: interval, dimensions: [("loop", "\(number)")], to: factory)
            }
        }
    }
}

/// Reports what a loop does, made by `EventLoop.reportMetrics`. Belongs to the loop's thread.
public final class MetricsReporter {
    private let loop: EventLoop
    private let interval: Duration
    private let metrics: ReportedMetrics
    private var isStopped = false
    private var deadline: EventLoop.Instant
    private var last: LoopMetrics
    private var lastTime: EventLoop.Instant

    init(
        _ loop: EventLoop, _ interval: Duration, _ dimensions: [(String, String)],
        _ factory: any MetricsFactory
    ) {
        self.loop = loop
        self.interval = interval
        metrics = ReportedMetrics(dimensions, factory)
        loop.startMeasuring()
        last = loop.metrics
        lastTime = loop.now
        deadline = lastTime.advanced(by: interval)
        wait()
    }

    /// Ends the reports. Idempotent.
    public func stop() {
        isStopped = true
    }

    /// The timer holds the reporter, and not the other way round: it goes with the loop.
    private func wait() {
        loop.callAt(deadline) { [self] in report() }.keepsLoopAlive = false
    }

    private func report() {
        guard !isStopped else { return }
        let now = loop.now
        let current = loop.metrics
        let idle = (current.idleTime ?? .zero) - (last.idleTime ?? .zero)
        metrics.report(
            current, since: last, lag: deadline.duration(to: now),
            load: 1 - idle / lastTime.duration(to: now))
        (last, lastTime) = (current, now)
        deadline = now.advanced(by: interval)
        wait()
    }
}

#else
extension EventLoop {
    /// Needs the trait `Metrics`.
    @available(
        *, unavailable, message: "enable UVLoop's trait: .package(…, traits: [\"Metrics\"])"
    )
    public nonisolated func reportMetrics(every interval: Duration = .seconds(10)) {}
}
#endif
