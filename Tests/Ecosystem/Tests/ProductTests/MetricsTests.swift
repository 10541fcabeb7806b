import Testing
import UVLoop
import UVLoopMetrics

@Suite(.timeLimit(.minutes(1)))
struct MetricsTests {
    @Test func everyLabelIsReported() async throws {
        let metrics = RecordingMetrics()
        let labels = try await withLoop { loop in
            loop.reportMetrics(every: .milliseconds(1), to: metrics)
            var labels: Set<String> = []
            for await report in metrics.reports {
                #expect(report.value >= 0)
                #expect(report.dimensions.isEmpty)
                if report.label == MetricLabel.load { #expect(report.value <= 1) }
                labels.insert(report.label)
                if labels.count == MetricLabel.all.count { break }
            }
            return labels
        }
        #expect(labels == Set(MetricLabel.all))
    }

    /// The reports of a counter are what was added to it.
    @Test func countersAreDifferences() async throws {
        let metrics = RecordingMetrics()
        try await withLoop { loop in
            let before = loop.metrics.callbacks
            let reporter = loop.reportMetrics(every: .milliseconds(1), to: metrics)
            let done = Signal()
            for _ in 0..<1_000 { loop.callSoon {} }
            loop.callSoon { done.send() }
            await done.wait()
            var sum = 0.0
            for await report in metrics.reports where report.label == MetricLabel.callbacks {
                sum += report.value
                if sum >= 1_001 { break }
            }
            reporter.stop()
            #expect(sum <= Double(loop.metrics.callbacks - before))
        }
    }

    @Test func aBusyLoopIsLateAndLoaded() async throws {
        let metrics = RecordingMetrics()
        try await withLoop { loop in
            loop.reportMetrics(every: .milliseconds(1), to: metrics)
            loop.callSoon { compute(for: .milliseconds(30)) }
            var load = 0.0
            for await report in metrics.reports {
                if report.label == MetricLabel.load { load = report.value }
                if report.label == MetricLabel.lag, report.value >= 20e6 { break }
            }
            // In the same report.
            #expect(load > 0.5)
        }
    }

    /// Measured by the loop itself: whether or not a report was due meanwhile.
    @Test func aLongTurnIsRemembered() async throws {
        let metrics = RecordingMetrics()
        try await withLoop { loop in
            loop.reportMetrics(every: .milliseconds(1), to: metrics)
            loop.callSoon { compute(for: .milliseconds(30)) }
            for await report in metrics.reports where report.label == MetricLabel.longestLag {
                if report.value >= 0.03 { break }
            }
        }
    }

    @Test func connectionsAreHandles() async throws {
        let metrics = RecordingMetrics()
        try await withLoop { loop in
            let listener = try await loop.listen(on: .ip("127.0.0.1", port: 0))
            async let serving: Void = listener.serve { stream in
                for try await chunk in stream { try await stream.send(chunk) }
            }
            loop.reportMetrics(every: .milliseconds(1), to: metrics)
            try await loop.withConnection(to: .ip("127.0.0.1", port: listener.port)) { stream in
                try await stream.send("x")
                _ = try await stream.receive(exactly: 1)
                // The server's end of the connection waits for more.
                for await report in metrics.reports where report.label == MetricLabel.handles {
                    if report.value >= 2 { break }
                }
            }
            try await listener.shutdown(grace: .zero)
            try await serving
        }
    }

    @Test func aStoppedReporterIsSilent() async throws {
        let metrics = RecordingMetrics()
        try await withLoop { loop in
            let first = loop.reportMetrics(
                every: .milliseconds(1), dimensions: [("name", "first")], to: metrics)
            first.stop()
            first.stop()
            loop.reportMetrics(
                every: .milliseconds(1), dimensions: [("name", "second")], to: metrics)
            for await report in metrics.reports.prefix(100) {
                #expect(report.dimensions == ["name": "second"])
            }
        }
    }

    @Test func loopsOfAGroupAreNumbered() async throws {
        let metrics = RecordingMetrics()
        let group = try EventLoopGroup(count: 2)
        try await group.reportMetrics(every: .milliseconds(1), to: metrics)
        var loops: Set<String> = []
        for await report in metrics.reports {
            loops.insert(try #require(report.dimensions["loop"]))
            if loops.count == 2 { break }
        }
        await group.shutdown()
        #expect(loops == ["0", "1"])
    }

    /// A reporter neither keeps a loop running nor outlives it.
    @Test func theLoopEnds() throws {
        let loop = try EventLoop()
        weak let left = loop.reportMetrics(every: .seconds(1_000), to: RecordingMetrics())
        #expect(try !loop.run())
        #expect(left != nil)
        try loop.close()
        #expect(left == nil)
    }
}
