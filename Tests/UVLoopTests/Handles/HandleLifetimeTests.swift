import Testing
import UVLoop

@Suite struct HandleLifetimeTests {
    @Test func atWorkItNeedsNoReference() async throws {
        try await withLoop { loop in
            var (calls, deaths) = (0, 0)
            func start() throws {
                let canary = Canary { deaths += 1 }
                try Idle(loop) {
                    _ = canary
                    calls += 1
                }.start()
            }
            try start()
            while calls < 10 { try #expect(loop.run(.nonBlocking)) }
            #expect(deaths == 0)
        }
    }

    @Test func atRestItGoesWithItsLastReference() async throws {
        try await withLoop { loop in
            var deaths = 0
            func make(_ use: (Check) -> Void) throws {
                let canary = Canary { deaths += 1 }
                use(try Check(loop) { _ = canary })
            }
            try make { _ in }
            try make {
                $0.start()
                $0.stop()
            }
            #expect(deaths == 2)
            try #expect(!loop.run())
        }
    }

    @Test func stoppedInItsCallbackByTheLastReference() async throws {
        try await withLoop { loop in
            var (calls, deaths) = (0, 0)
            func start() throws {
                let canary = Canary { deaths += 1 }
                var idle: Idle?
                idle = try Idle(loop) {
                    _ = canary
                    calls += 1
                    idle!.stop()
                    idle = nil
                }
                idle!.start()
            }
            try start()
            try #expect(!loop.run())
            #expect(calls == 1 && deaths == 1)
        }
    }

    @Test func closedItGoesAfterTheCloseCallback() async throws {
        try await withLoop { loop in
            var deaths = 0
            func make() throws {
                let canary = Canary { deaths += 1 }
                let idle = try Idle(loop) { _ = canary }
                idle.start()
                idle.close()
                idle.close()
                #expect(idle.isClosing && !idle.isActive)
                idle.start()
                #expect(!idle.isActive)
            }
            try make()
            #expect(deaths == 0)
            try #expect(!loop.run())
            #expect(deaths == 1)
        }
    }

    @Test func closeInItsOwnCallback() async throws {
        try await withLoop { loop in
            var calls = 0
            var prepare: Prepare?
            prepare = try Prepare(loop) {
                calls += 1
                prepare!.close()
                prepare!.start()
                prepare!.stop()
            }
            prepare!.start()
            try #expect(!loop.run())
            #expect(calls == 1 && prepare!.isClosing)
        }
    }

    @Test func letGoOnAnotherThread() async throws {
        try await withLoop { loop in
            let released = Counter()
            func make() throws -> Idle {
                let canary = Canary { released.increment() }
                return try Idle(loop) { _ = canary }
            }
            for _ in 0..<50 {
                nonisolated(unsafe) var idle: Idle? = try make()
                #expect(idle?.isActive == false)
                let done = Gate()
                startThread {
                    idle = nil
                    done.open()
                }
                done.wait()
            }
            #expect(released.value == 50)
            try #expect(!loop.run())
        }
    }

    @Test func letGoAfterItsLoop() async throws {
        nonisolated(unsafe) var left: [Handle] = []
        try await withLoop { loop in
            let started = try Idle(loop) {}
            started.start()
            left = [started, try Check(loop) {}, try Prepare(loop) {}]
        }
        #expect(left.allSatisfy { $0.isClosing && !$0.isActive })
        left = []
    }

    @Test func letGoOnOtherThreadsWhileTheLoopCloses() async throws {
        for _ in 0..<20 {
            try await onThread {
                let loop = try EventLoop()
                nonisolated(unsafe) var idles: [Idle] = []
                for _ in 0..<50 { idles.append(try Idle(loop) {}) }
                let done = Gate()
                startThread {
                    idles = []
                    done.open()
                }
                try loop.close()
                done.wait()
            }
        }
    }

    @Test func keepsLoopAlive() async throws {
        try await withLoop { loop in
            let idle = try Idle(loop) {}
            #expect(idle.keepsLoopAlive)
            idle.start()
            idle.keepsLoopAlive = false
            idle.keepsLoopAlive = false
            #expect(!idle.keepsLoopAlive && idle.isActive)
            try #expect(!loop.run())
            idle.keepsLoopAlive = true
            try #expect(loop.run(.nonBlocking))
            idle.stop()
            #expect(idle.keepsLoopAlive)
            try #expect(!loop.run())
            idle.keepsLoopAlive = false
            idle.close()
            #expect(!idle.keepsLoopAlive)
            idle.keepsLoopAlive = true
            #expect(!idle.keepsLoopAlive)
            try #expect(!loop.run())
        }
    }

    @Test(arguments: [false, true])
    func aPhaseThatDoesNotKeepTheLoopAlive(_ isCheck: Bool) async throws {
        try await withLoop { loop in
            var calls = 0
            let handle: Handle
            if isCheck {
                let check = try Check(loop) { calls += 1 }
                check.start()
                handle = check
            } else {
                let prepare = try Prepare(loop) { calls += 1 }
                prepare.start()
                handle = prepare
            }
            handle.keepsLoopAlive = false
            try #expect(!loop.run())
            #expect(calls == 0)
            loop.callLater(.milliseconds(1)) {}
            try #expect(!loop.run())
            #expect(calls > 0)
        }
    }
}
