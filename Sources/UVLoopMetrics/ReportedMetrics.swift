#if Metrics
import Metrics
import UVLoop

/// The metrics of one loop, as swift-metrics has them.
struct ReportedMetrics {
    private let callbacks: Counter
    private let turns: Counter
    private let waitingCallbacks: Gauge
    private let waitingTimers: Gauge
    private let handles: Gauge
    private let requests: Gauge
    private let load: Gauge
    private let lag: Metrics.Timer
    private let turnLag: Metrics.Timer
    private let longestLag: Gauge

    init(_ dimensions: [(String, String)], _ factory: any MetricsFactory) {
        func counter(_ label: String) -> Counter {
            Counter(label: label, dimensions: dimensions, factory: factory)
        }
        func gauge(_ label: String) -> Gauge {
            Gauge(label: label, dimensions: dimensions, factory: factory)
        }
        func timer(_ label: String) -> Metrics.Timer {
            Metrics.Timer(label: label, dimensions: dimensions, factory: factory)
        }
        callbacks = counter(MetricLabel.callbacks)
        turns = counter(MetricLabel.turns)
        waitingCallbacks = gauge(MetricLabel.waitingCallbacks)
        waitingTimers = gauge(MetricLabel.waitingTimers)
        handles = gauge(MetricLabel.handles)
        requests = gauge(MetricLabel.requests)
        load = gauge(MetricLabel.load)
        lag = timer(MetricLabel.lag)
        turnLag = timer(MetricLabel.turnLag)
        longestLag = gauge(MetricLabel.longestLag)
    }

    func report(
        _ current: LoopMetrics, since last: LoopMetrics, lag: Duration, load: Double
    ) {
        callbacks.increment(by: current.callbacks - last.callbacks)
        turns.increment(by: (current.turns ?? 0) - (last.turns ?? 0))
        waitingCallbacks.record(current.waitingCallbacks)
        waitingTimers.record(current.waitingTimers)
        handles.record(current.handles)
        requests.record(current.requests)
        self.load.record(min(max(load, 0), 1))
        self.lag.recordNanoseconds(Int64(lag / .nanoseconds(1)))
        if let measured = current.lag, let longest = current.longestLag {
            turnLag.recordNanoseconds(Int64(measured / .nanoseconds(1)))
            longestLag.record(longest / .seconds(1))
        }
    }
}
#endif
