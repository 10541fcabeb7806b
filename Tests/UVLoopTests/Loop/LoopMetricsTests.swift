import Testing

@testable import UVLoop

@Suite struct LoopMetricsTests {
    @Test func aNewLoopHasDoneNothing() async throws {
        try await withLoop { loop in
            var metrics = loop.metrics
            metrics.events = nil
            #expect(metrics == LoopMetrics())
            #expect(loop.metrics.turns == nil)
            #expect(loop.metrics.idleTime == nil)
        }
    }

    @Test func callbacksAreCountedWhenTheyRun() async throws {
        try await withLoop { loop in
            for _ in 0..<1_000 { loop.callSoon {} }
            #expect(loop.metrics.callbacks == 0)
            #expect(loop.metrics.waitingCallbacks == 1_000)
            try loop.run()
            #expect(loop.metrics.callbacks == 1_000)
            #expect(loop.metrics.waitingCallbacks == 0)
        }
    }

    @Test func insideACallback() async throws {
        try await withLoop { loop in
            loop.callSoon {
                #expect(loop.metrics.callbacks == 1)
                #expect(loop.metrics.waitingCallbacks == 1)
            }
            loop.callSoon {}
            try loop.run()
            #expect(loop.metrics.callbacks == 2)
        }
    }

    @Test func timersThatWait() async throws {
        try await withLoop { loop in
            let timers = (1...3).map { loop.callLater(.seconds(1_000 * $0)) {} }
            #expect(loop.metrics.waitingTimers == 3)
            timers[0].stop()
            timers[1].keepsLoopAlive = false
            #expect(loop.metrics.waitingTimers == 1)
        }
    }

    @Test func handlesAtWork() async throws {
        try await withLoop { loop in
            let idle = try Idle(loop) {}
            #expect(loop.metrics.handles == 0)
            idle.start()
            #expect(loop.metrics.handles == 1)
            idle.stop()
            #expect(loop.metrics.handles == 0)
        }
    }

    @Test func connectionsAreHandles() async throws {
        try await runLoop { loop in
            let listener = try await loop.listen(on: .ip("127.0.0.1", port: 0))
            let listening = loop.metrics.handles
            #expect(listening >= 1)
            let client = try await loop.connect(to: .ip("127.0.0.1", port: listener.port))
            let server = try #require(try await listener.accept())
            #expect(loop.metrics.handles >= listening + 1)
            try await client.send("x")
            #expect(try await server.receive() != nil)
            async let closing: Void = client.close()
            try await server.close()
            try await closing
            await listener.close()
            while loop.metrics.handles > 0 { await Task.yield() }
        }
    }

    @Test func requestsUnderWay() async throws {
        try await runLoop { loop in
            let pair = try await loop.streamPair()
            #expect(loop.metrics.requests == 0)
            // More than the socket takes.
            async let sending: Void = pair.0.send([UInt8](repeating: 1, count: 8 << 20))
            while loop.metrics.requests == 0 { await Task.yield() }
            _ = try await pair.1.receive(exactly: 8 << 20)
            try await sending
            #expect(loop.metrics.requests == 0)
        }
    }

    @Test func turnsAreCountedFromThenOn() async throws {
        try await withLoop { loop in
            for _ in 0..<3 { try loop.run(.nonBlocking) }
            loop.startMeasuring()
            loop.startMeasuring()
            #expect(loop.metrics.turns == 0)
            for _ in 0..<5 { try loop.run(.nonBlocking) }
            #expect(loop.metrics.turns == 5)
            // It keeps nothing alive, and is none of the handles.
            try #expect(loop.run() == false)
            #expect(loop.metrics.handles == 0)
        }
    }

    @Test func sleepIsIdleTime() async throws {
        try await withLoop { loop in
            loop.startMeasuring()
            let start = loop.now
            // The system may keep the thread from sleeping at all, but not again and again.
            while loop.metrics.idleTime! < .milliseconds(1) {
                loop.callLater(.milliseconds(2)) {}
                try loop.run()
            }
            #expect(loop.metrics.idleTime! <= start.duration(to: loop.now))
        }
    }

    @Test func workIsNoIdleTime() async throws {
        try await withLoop { loop in
            loop.startMeasuring()
            loop.callSoon {
                let end = loop.now.advanced(by: .milliseconds(50))
                while loop.now < end {}
            }
            let start = loop.now
            try loop.run()
            let took = start.duration(to: loop.now)
            #expect(loop.metrics.idleTime! <= took - .milliseconds(50))
        }
    }

    @Test func workIsLag() async throws {
        try await withLoop { loop in
            #expect(loop.metrics.lag == nil && loop.metrics.longestLag == nil)
            loop.startMeasuring()
            #expect(loop.metrics.lag == .zero && loop.metrics.longestLag == .zero)
            let start = loop.now
            loop.callSoon {
                let end = loop.now.advanced(by: .milliseconds(50))
                while loop.now < end {}
            }
            try loop.run()
            let took = start.duration(to: loop.now)
            let longest = loop.metrics.longestLag!
            #expect(longest >= .milliseconds(50) && longest <= took)
            try loop.run(.nonBlocking)
            #expect(loop.metrics.longestLag! >= longest)
            #expect(loop.metrics.lag! <= loop.metrics.longestLag!)
        }
    }

    /// Neither sleep, nor what goes on between two runs.
    @Test func waitingIsNoLag() async throws {
        try await withLoop { loop in
            loop.startMeasuring()
            let start = loop.now
            let end = start.advanced(by: .milliseconds(60))
            while loop.now < end {}
            loop.callLater(.milliseconds(60)) {}
            try loop.run()
            // Under load anything may last, but not longer than all without the waiting.
            let took = start.duration(to: loop.now)
            #expect(loop.metrics.longestLag! <= took - .milliseconds(60) - loop.metrics.idleTime!)
        }
    }

    /// libuv counts them since 1.45.
    @Test func events() async throws {
        try await runLoop { loop in
            guard SystemInfo.libuvVersionNumber >= 0x01_2D00 else {
                #expect(loop.metrics.events == nil)
                return
            }
            let before = loop.metrics.events!
            try await loop.sleep(for: .milliseconds(1))
            #expect(loop.metrics.events! > before)
        }
    }

    /// Also in debug mode, where handles that are left open would be reported.
    @Test func aClosedLoopHasNothing() async throws {
        try await onThread {
            let loop = try EventLoop()
            loop.isDebug = true
            loop.exceptionHandler = { Issue.record("\($0)") }
            loop.startMeasuring()
            loop.callSoon {}
            try loop.run()
            #expect(loop.metrics.turns! > 0)
            try loop.close()
            #expect(loop.metrics == LoopMetrics())
            loop.startMeasuring()
            #expect(loop.metrics == LoopMetrics())
        }
    }
}
