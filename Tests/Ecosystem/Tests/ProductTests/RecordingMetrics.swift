import CoreMetrics

/// Keeps what is reported, and tells of each report.
struct RecordingMetrics: MetricsFactory {
    struct Report: Sendable {
        let label: String
        let dimensions: [String: String]
        let value: Double
    }

    let reports: AsyncStream<Report>
    private let source: AsyncStream<Report>.Continuation

    init() { (reports, source) = AsyncStream.makeStream() }

    private func handler(_ label: String, _ dimensions: [(String, String)]) -> Handler {
        Handler { [source] value in
            source.yield(
                Report(
                    label: label, dimensions: Dictionary(uniqueKeysWithValues: dimensions),
                    value: value))
        }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(label, dimensions)
    }

    func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        handler(label, dimensions)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handler(label, dimensions)
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private final class Handler: CounterHandler, RecorderHandler, TimerHandler {
        private let report: @Sendable (Double) -> Void

        init(_ report: @escaping @Sendable (Double) -> Void) { self.report = report }

        func increment(by amount: Int64) { report(Double(amount)) }
        func reset() {}
        func record(_ value: Int64) { report(Double(value)) }
        func record(_ value: Double) { report(value) }
        func recordNanoseconds(_ duration: Int64) { report(Double(duration)) }
    }
}
