import Testing
import UVLoop

@Suite struct PhaseHandleTests {
    @Test func eachIsCalledOnceATurnInItsPlace() async throws {
        try await withLoop { loop in
            var log: [String] = []
            let idle = try Idle(loop) { log.append("idle") }
            let prepare = try Prepare(loop) { log.append("prepare") }
            let check = try Check(loop) { log.append("check") }
            check.start()
            prepare.start()
            idle.start()
            for _ in 0..<5 { try #expect(loop.run(.nonBlocking)) }
            #expect(log == Array(repeating: ["idle", "prepare", "check"], count: 5).flatMap { $0 })
            for handle in [idle, prepare, check] as [Handle] { handle.close() }
            try #expect(!loop.run())
            #expect(log.count == 15)
        }
    }

    @Test func startAndStopAreIdempotent() async throws {
        try await withLoop { loop in
            var calls = 0
            let idle = try Idle(loop) { calls += 1 }
            #expect(!idle.isActive)
            idle.stop()
            idle.start()
            idle.start()
            #expect(idle.isActive)
            try loop.run(.nonBlocking)
            #expect(calls == 1)
            idle.stop()
            idle.stop()
            #expect(!idle.isActive)
            try #expect(!loop.run())
            #expect(calls == 1)
            idle.start()
            try loop.run(.nonBlocking)
            #expect(calls == 2)
        }
    }

    @Test func eachMayStopItselfInItsCallback() async throws {
        try await withLoop { loop in
            var (idle, prepare, check): (Idle?, Prepare?, Check?)
            var calls: [String] = []
            idle = try Idle(loop) {
                calls.append("idle")
                idle!.stop()
            }
            prepare = try Prepare(loop) {
                calls.append("prepare")
                prepare!.stop()
            }
            check = try Check(loop) {
                calls.append("check")
                check!.stop()
            }
            idle!.start()
            prepare!.start()
            check!.start()
            // Or nothing would end the poll before the check.
            loop.callLater(.milliseconds(1)) {}
            try #expect(!loop.run())
            #expect(calls == ["idle", "prepare", "check"])
            (idle, prepare, check) = (nil, nil, nil)
        }
    }

    @Test func eachMayStopAndCloseTheOthers() async throws {
        try await withLoop { loop in
            var handles: [Check] = []
            var calls = 0
            for _ in 0..<10 {
                handles.append(
                    try Check(loop) {
                        calls += 1
                        for handle in handles { handle.close() }
                    })
            }
            for handle in handles { handle.start() }
            let idle = try Idle(loop) {}
            idle.start()
            try loop.run(.nonBlocking)
            #expect(calls == 1)
            idle.close()
            try #expect(!loop.run())
        }
    }

    @Test func startedInACallbackOneIsCalledLater() async throws {
        try await withLoop { loop in
            var calls = 0
            var inner: Idle?
            inner = try Idle(loop) {
                calls += 1
                inner!.close()
            }
            loop.callSoon { inner!.start() }
            try #expect(!loop.run())
            #expect(calls == 1)
        }
    }

    @Test func anIdleKeepsTheLoopFromBlocking() async throws {
        try await withLoop { loop in
            let timer = loop.callLater(.seconds(1_000)) { Issue.record("fired") }
            var (spins, polls) = (0, 0)
            let prepare = try Prepare(loop) { polls += 1 }
            prepare.start()
            var idle: Idle?
            idle = try Idle(loop) {
                spins += 1
                if spins == 100 {
                    idle!.close()
                    prepare.close()
                    timer.stop()
                }
            }
            idle!.start()
            try #expect(!loop.run())
            #expect(spins == 100 && polls == 99)
        }
    }

    @Test func callsQueuedInEachPhaseRun() async throws {
        try await withLoop { loop in
            var calls: Set<String> = []
            var handles: [Handle] = []
            let prepare = try Prepare(loop) {
                handles[0].close()
                loop.callSoon { calls.insert("prepare") }
            }
            let check = try Check(loop) {
                handles[1].close()
                loop.callSoon { calls.insert("check") }
            }
            let idle = try Idle(loop) {
                handles[2].close()
                loop.callSoon { calls.insert("idle") }
            }
            handles = [prepare, check, idle]
            prepare.start()
            check.start()
            idle.start()
            try #expect(!loop.run())
            #expect(calls == ["prepare", "check", "idle"])
        }
    }

    @Test func timersStartedInEachPhaseFire() async throws {
        try await withLoop { loop in
            var fired = 0
            var handles: [Handle] = []
            let start = { _ = loop.callLater(.microseconds(100)) { fired += 1 } }
            let prepare = try Prepare(loop) {
                handles[0].close()
                start()
            }
            let check = try Check(loop) {
                handles[1].close()
                start()
            }
            let idle = try Idle(loop) {
                handles[2].close()
                start()
            }
            handles = [prepare, check, idle]
            prepare.start()
            check.start()
            idle.start()
            try #expect(!loop.run())
            #expect(fired == 3)
        }
    }
}
