import Testing
import UVLoop

@Suite struct TimerOrderTests {
    @Test func byDeadline() async throws {
        try await withLoop { loop in
            var generator = SeededGenerator(seed: 1)
            let now = loop.now
            var order: [Int] = []
            let numbers = (0..<500).map { $0 * 7 }.shuffled(using: &generator)
            for number in numbers {
                loop.callAt(now.advanced(by: .microseconds(number))) { order.append(number) }
            }
            try loop.run()
            #expect(order == numbers.sorted())
        }
    }

    @Test func withinATickToo() async throws {
        try await withLoop { loop in
            var generator = SeededGenerator(seed: 2)
            let base = loop.now.advanced(by: .milliseconds(1))
            var order: [Int] = []
            let numbers = Array(0..<2_000).shuffled(using: &generator)
            for number in numbers {
                loop.callAt(base.advanced(by: .nanoseconds(number))) { order.append(number) }
            }
            try loop.run()
            #expect(order == Array(0..<2_000))
        }
    }

    @Test func equalDeadlinesInTheOrderOfStarting() async throws {
        try await withLoop { loop in
            let deadline = loop.now.advanced(by: .milliseconds(2))
            var order: [Int] = []
            var timers: [Timer] = []
            for number in 0..<1_000 {
                timers.append(loop.callAt(deadline) { order.append(number) })
            }
            // Started anew, they are the last.
            for number in 0..<10 { timers[number].start(at: deadline) }
            try loop.run()
            #expect(order == Array(10..<1_000) + Array(0..<10))
        }
    }

    @Test func equalDelaysOfOneCallbackInTheOrderOfStarting() async throws {
        try await withLoop { loop in
            var order: [Int] = []
            loop.callSoon {
                for number in 0..<1_000 {
                    loop.callLater(.microseconds(300)) { order.append(number) }
                }
            }
            try loop.run()
            #expect(order == Array(0..<1_000))
        }
    }

    @Test func aDelayCountsFromTheCallbackThatStartedIt() async throws {
        try await withLoop { loop in
            var order: [String] = []
            loop.callSoon {
                loop.callLater(.microseconds(500)) { order.append("long before") }
                loop.callLater(.microseconds(400)) { order.append("short before") }
                loop.callSoon { loop.callLater(.microseconds(500)) { order.append("after") } }
            }
            try loop.run()
            #expect(order == ["short before", "long before", "after"])
        }
    }

    @Test func acrossAllMagnitudes() async throws {
        try await withLoop { loop in
            let base = loop.now
            var order: [Int] = []
            var timers: [Timer] = []
            for power in (0..<63).reversed() {
                timers.append(
                    loop.callAt(base.advanced(by: .nanoseconds(1 << power))) {
                        order.append(power)
                    })
            }
            // Those of up to 2 ms fire, the others are still there.
            while order.count < 22 { try loop.run(.oneTurn) }
            let fired = order.count
            #expect(order == Array(0..<fired))
            #expect(timers.filter(\.isActive).count == 63 - fired)
        }
    }

    @Test func timersBeforeTheCallsOfTheirCallbacks() async throws {
        try await withLoop { loop in
            let deadline = loop.now.advanced(by: .milliseconds(1))
            var order: [String] = []
            for number in 0..<3 {
                loop.callAt(deadline) {
                    order.append("timer \(number)")
                    loop.callSoon { order.append("call \(number)") }
                }
            }
            try loop.run()
            #expect(order == ["timer 0", "timer 1", "timer 2", "call 0", "call 1", "call 2"])
        }
    }
}
