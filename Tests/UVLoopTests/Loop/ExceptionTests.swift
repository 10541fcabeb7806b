import Testing
import UVLoop

@Suite struct ExceptionTests {
    @Test func everyKindOfCallbackMayThrow() async throws {
        try await withLoop { loop in
            var reports: [(CallbackSource, Planned?)] = []
            loop.exceptionHandler = { reports.append(($0.source, $0.error as? Planned)) }
            loop.callSoon { throw Planned(number: 1) }
            try loop.execute { _ in throw Planned(number: 2) }
            loop.callLater(.zero) { throw Planned(number: 3) }
            var handles: [Handle] = []
            let prepare = try Prepare(loop) {
                handles[0].close()
                throw Planned(number: 4)
            }
            prepare.start()
            let check = try Check(loop) {
                handles[1].close()
                throw Planned(number: 5)
            }
            check.start()
            let idle = try Idle(loop) {
                handles[2].close()
                throw Planned(number: 6)
            }
            idle.start()
            handles = [prepare, check, idle]
            try loop.run()
            reports.sort { $0.1!.number < $1.1!.number }
            #expect(reports.map { $0.1?.number } == [1, 2, 3, 4, 5, 6])
            #expect(
                reports.map(\.0) == [
                    .callSoon, .execute, .timer, .phase("Prepare"), .phase("Check"),
                    .phase("Idle"),
                ])
        }
    }

    @Test func theLoopLivesOnAndARepeatingTimerToo() async throws {
        try await withLoop { loop in
            var (reports, ticks) = (0, 0)
            loop.exceptionHandler = { _ in reports += 1 }
            let timer = Timer(loop) {
                ticks += 1
                throw Planned(number: ticks)
            }
            timer.start(after: .zero, repeating: .microseconds(50))
            var isDone = false
            func watch() {
                if ticks >= 5 {
                    timer.stop()
                    isDone = true
                } else {
                    loop.callSoon { watch() }
                }
            }
            watch()
            try loop.run()
            #expect(isDone && reports == ticks)
        }
    }

    @Test func aBatchGoesOnAfterAThrow() async throws {
        try await withLoop { loop in
            var (reports, calls) = (0, 0)
            loop.exceptionHandler = { _ in reports += 1 }
            for number in 0..<1_000 {
                loop.callSoon {
                    calls += 1
                    if number % 3 == 0 { throw Planned(number: number) }
                }
            }
            try loop.run()
            #expect(calls == 1_000 && reports == 334)
        }
    }

    @Test func theContextSaysWhatAndWhere() async throws {
        try await withLoop { loop in
            var reports: [ExceptionContext] = []
            loop.exceptionHandler = { reports.append($0) }
            loop.callSoon { throw Planned(number: 9) }
            try loop.run()
            #expect(reports.first?.message == "error in callSoon callback")
            #expect(reports.first?.description == "error in callSoon callback: planned error 9")
        }
    }

    @Test func theHandlerMayUseTheLoop() async throws {
        try await withLoop { loop in
            var log: [String] = []
            loop.exceptionHandler = { _ in
                log.append("report")
                loop.callSoon { log.append("call") }
                loop.callLater(.zero) { log.append("timer") }
                loop.exceptionHandler = { _ in log.append("second handler") }
            }
            loop.callSoon { throw Planned() }
            loop.callSoon { throw Planned() }
            try loop.run()
            #expect(log.prefix(2) == ["report", "second handler"])
            #expect(log.dropFirst(2).sorted() == ["call", "timer"])
        }
    }

    @Test func aThrowingHandlerIsGuardedToo() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent])
        {
            try await withLoop { loop in
                var calls = 0
                loop.exceptionHandler = { _ in throw Planned(number: 22) }
                for _ in 0..<2 {
                    loop.callSoon {
                        calls += 1
                        throw Planned(number: 21)
                    }
                }
                try loop.run()
                precondition(calls == 2)
            }
        }
        let text = try #require(result).errorText
        #expect(text.contains("UVLoop: error in callSoon callback: planned error 21"))
        #expect(text.contains("UVLoop: error in the exception handler: planned error 22"))
    }

    @Test func withoutAHandlerItGoesToStandardError() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent])
        {
            try await withLoop { loop in
                loop.callLater(.zero) { throw Planned(number: 31) }
                try loop.run()
                loop.exceptionHandler = { _ in fatalError() }
                loop.exceptionHandler = nil
                loop.callSoon { throw UVError.brokenPipe }
                try loop.run()
            }
        }
        let text = try #require(result).errorText
        #expect(text.contains("UVLoop: error in timer callback: planned error 31"))
        #expect(text.contains("UVLoop: error in callSoon callback: EPIPE: broken pipe"))
    }

    @Test(arguments: [
        (CallbackSource.callSoon, "callSoon callback"), (.execute, "posted closure"),
        (.timer, "timer callback"), (.phase("Idle"), "Idle callback"),
        (.protocolMethod("dataReceived"), "dataReceived"),
        (.serverFactory, "the server's protocol factory"), (.server, "server"),
        (.connectCompletion, "connect completion"), (.task, "task"), (.loop, "event loop"),
    ])
    func sourcesInWords(_ source: CallbackSource, _ text: String) {
        #expect(source.description == text)
    }
}
