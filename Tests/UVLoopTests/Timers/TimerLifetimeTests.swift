import Testing
import UVLoop

@Suite struct TimerLifetimeTests {
    @Test func goesOnWithoutItsObject() async throws {
        try await withLoop { loop in
            var (ticks, deaths) = (0, 0)
            func start() {
                let canary = Canary { deaths += 1 }
                let timer = Timer(loop) {
                    _ = canary
                    ticks += 1
                }
                timer.start(after: .zero, repeating: .microseconds(50))
            }
            start()
            while ticks < 10 { try loop.run(.oneTurn) }
            #expect(deaths == 0)
        }
    }

    @Test func isReleasedAfterItsLastTime() async throws {
        try await withLoop { loop in
            var deaths = 0
            func start(_ count: Int) {
                for _ in 0..<count {
                    let canary = Canary { deaths += 1 }
                    loop.callLater(.microseconds(100)) { _ = canary }
                }
            }
            start(50)
            try loop.run()
            #expect(deaths == 50)
        }
    }

    @Test func atRestItGoesWithItsObject() async throws {
        try await withLoop { loop in
            var deaths = 0
            func make(_ use: (Timer) -> Void) {
                let canary = Canary { deaths += 1 }
                use(Timer(loop) { _ = canary })
            }
            make { _ in }
            make {
                $0.start(after: .seconds(1_000), repeating: .seconds(1))
                $0.stop()
            }
            #expect(deaths == 2)
        }
    }

    @Test func letGoInsideItsOwnCallback() async throws {
        try await withLoop { loop in
            var timer: Timer?
            var log: [String] = []
            func start() {
                let canary = Canary { log.append("released") }
                timer = Timer(loop) {
                    timer = nil
                    log.append("fired")
                    _ = canary
                }
            }
            start()
            timer!.start(after: .zero)
            try loop.run()
            #expect(log == ["fired", "released"])
        }
    }

    @Test func letGoInsideItsOwnCallbackARepeatingOneGoesOn() async throws {
        try await withLoop { loop in
            var timer: Timer?
            var ticks = 0
            timer = Timer(loop) {
                timer = nil
                ticks += 1
            }
            timer!.start(after: .zero, repeating: .microseconds(50))
            while ticks < 5 { try loop.run(.oneTurn) }
        }
    }

    @Test func letGoByACallbackWhileDue() async throws {
        try await withLoop { loop in
            let deadline = loop.now.advanced(by: .microseconds(100))
            var order: [Int] = []
            var second: Timer?
            loop.callAt(deadline) {
                order.append(1)
                second = nil
            }
            second = loop.callAt(deadline) { order.append(2) }
            #expect(second!.isActive)
            try loop.run()
            #expect(order == [1, 2])
        }
    }

    @Test func letGoOnAnotherThread() async throws {
        try await withLoop { loop in
            let fired = Counter()
            let released = Counter()
            func make() -> Timer {
                let canary = Canary { released.increment() }
                return Timer(loop) {
                    _ = canary
                    fired.increment()
                }
            }
            for number in 0..<100 {
                nonisolated(unsafe) var timer: Timer? = make()
                if number % 2 == 0 { timer!.start(after: .microseconds(number)) }
                let done = Gate()
                // The thread's closure is the last to hold it.
                startThread {
                    timer = nil
                    done.open()
                }
                done.wait()
            }
            try loop.run()
            while released.value < 100 { try loop.run(.nonBlocking) }
            #expect(fired.value == 50)
        }
    }

    @Test func letGoOnAnotherThreadTogetherWithItsLoop() async throws {
        try await onThread {
            let released = Counter()
            for isStarted in [false, true] {
                func make() throws -> Timer {
                    let canary = Canary { released.increment() }
                    let timer = Timer(try EventLoop()) { _ = canary }
                    if isStarted { timer.start(after: .zero) }
                    return timer
                }
                nonisolated(unsafe) var timer: Timer? = try make()
                #expect(timer!.isActive == isStarted)
                let done = Gate()
                startThread {
                    timer = nil
                    done.open()
                }
                done.wait()
            }
            #expect(released.value == 2)
        }
    }

    @Test func itsClosureMayLetGoOfOthers() async throws {
        try await withLoop { loop in
            final class Chain {
                var next: Timer?
                var value = 0
            }
            var fired = 0
            var held: Timer?
            for _ in 0..<100 {
                let chain = Chain()
                chain.next = held
                held = Timer(loop) {
                    fired += 1
                    chain.value += 1
                }
                held!.start(after: .seconds(1_000))
            }
            held!.start(after: .zero)
            held!.keepsLoopAlive = true
            while fired == 0 { try loop.run(.oneTurn) }
            held = nil
            #expect(fired == 1)
        }
    }

    @Test func keepsItsLoop() async throws {
        try await onThread {
            var loop: EventLoop? = try EventLoop()
            let timer = Timer(loop!) {}
            timer.start(after: .seconds(1_000))
            loop = nil
            #expect(!timer.loop.isClosed)
            try timer.loop.close()
            #expect(!timer.isActive)
        }
    }
}
