import CoreFoundation
import Dispatch
import Foundation
import UVLoop
import UVLoopFoundation

/// What there is besides when the loop has the main thread and turns Foundation's run loop.
extension Checks {
    var runLoopChecks: [(String, @MainActor () async throws -> Void)] {
        [
            ("run loop: timer", runLoopTimer), ("run loop: repeating timer", repeatingTimer),
            ("run loop: timers from other threads", timersFromElsewhere),
            ("run loop: perform", performing), ("run loop: perform in turn", performingInTurn),
            ("run loop: perform from other threads", performingFromElsewhere),
            ("run loop: nested in a callback", nestedInCallbacks),
            ("run loop: nested in itself", nestedInItself),
            ("run loop: stopped by the user", stopped),
            ("run loop: own source", ownSource), ("run loop: busy source", busySource),
            ("run loop: socket", socketSource),
            ("run loop: notification queue", notificationQueue),
            ("run loop: file handle", fileHandle), ("run loop: operations", operations),
            ("run loop: nothing to do", nothingToDo),
        ]
    }

    // MARK: Timers

    @MainActor
    private func runLoopTimer() async throws {
        let start = ContinuousClock.now
        let isRight = await withCheckedContinuation { continuation in
            _ = Foundation.Timer.scheduledTimer(withTimeInterval: 0.02, repeats: false) { _ in
                continuation.resume(
                    returning: MainActor.assumeIsolated {
                        isOnMainThread() && EventLoop.current === EventLoop.main
                            && RunLoop.main.currentMode == .default
                    })
            }
        }
        try require(isRight)
        try require(start.duration(to: .now) >= .milliseconds(19))
        // From a callback of the loop, in the modes that are common.
        await withCheckedContinuation { continuation in
            EventLoop.main!.callSoon {
                let timer = Foundation.Timer(timeInterval: 0, repeats: false) { _ in
                    continuation.resume()
                }
                RunLoop.main.add(timer, forMode: .common)
            }
        }
    }

    @MainActor
    private func repeatingTimer() async throws {
        let count = Mutexed(0)
        await withCheckedContinuation { continuation in
            _ = Foundation.Timer.scheduledTimer(withTimeInterval: 0.002, repeats: true) { timer in
                count.value += 1
                if count.value == 10 {
                    timer.invalidate()
                    continuation.resume()
                }
            }
        }
        try await Task.sleep(for: .milliseconds(10))
        try require(count.value == 10)
    }

    @MainActor
    private func timersFromElsewhere() async throws {
        for _ in 0..<20 {
            let isOnMain = await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    let timer = Foundation.Timer(timeInterval: 0.001, repeats: false) { _ in
                        continuation.resume(returning: isOnMainThread())
                    }
                    RunLoop.main.add(timer, forMode: .default)
                }
            }
            try require(isOnMain)
        }
    }

    // MARK: perform

    @MainActor
    private func performing() async throws {
        let order = Mutexed<[Int]>([])
        await withCheckedContinuation { continuation in
            for number in 0..<10 { RunLoop.main.perform { order.withLock { $0.append(number) } } }
            RunLoop.main.perform { continuation.resume() }
        }
        try require(order.value == Array(0..<10))
        await withCheckedContinuation { continuation in
            EventLoop.main!.callLater(.microseconds(100)) {
                RunLoop.main.perform { continuation.resume() }
            }
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.main.async { RunLoop.main.perform { continuation.resume() } }
        }
    }

    /// What is performed gives the loop work, and the other way round.
    @MainActor
    private func performingInTurn() async throws {
        for _ in 0..<20 {
            await withCheckedContinuation { continuation in
                RunLoop.main.perform {
                    MainActor.assumeIsolated {
                        EventLoop.main!.callSoon {
                            RunLoop.main.perform { Task { continuation.resume() } }
                        }
                    }
                }
            }
        }
    }

    /// As ever it does not wake the run loop, `CFRunLoopWakeUp` does.
    @MainActor
    private func performingFromElsewhere() async throws {
        let count = Mutexed(0)
        await withCheckedContinuation { continuation in
            for _ in 0..<4 {
                Thread.detachNewThread {
                    for _ in 0..<500 {
                        performAndWake {
                            count.value += 1
                            if count.value == 2_000 { continuation.resume() }
                        }
                    }
                }
            }
        }
        for _ in 0..<50 {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread { performAndWake { continuation.resume() } }
            }
        }
    }

    // MARK: Nested runs

    /// The run loop goes on in it, and the loop after it.
    @MainActor
    private func nestedInCallbacks() async throws {
        for _ in 0..<3 {
            let fired = await withCheckedContinuation { continuation in
                EventLoop.main!.callSoon {
                    let fired = Mutexed(false)
                    let timer = Foundation.Timer(timeInterval: 0.001, repeats: false) { _ in
                        fired.value = true
                    }
                    RunLoop.main.add(timer, forMode: .default)
                    while !fired.value {
                        RunLoop.main.run(until: Date(timeIntervalSinceNow: 0.002))
                    }
                    Task { continuation.resume(returning: fired.value) }
                }
            }
            try require(fired)
        }
        runNested()
        try await Task.sleep(for: .microseconds(100))
        try await sockets()
    }

    @MainActor
    private func nestedInItself() async throws {
        await withCheckedContinuation { continuation in
            RunLoop.main.perform {
                runNested()
                RunLoop.main.perform {
                    runNested()
                    continuation.resume()
                }
            }
        }
        try await Task.sleep(for: .microseconds(100))
        try await repeatingTimer()
    }

    /// That ends the run that it is called in, and nothing else.
    @MainActor
    private func stopped() async throws {
        CFRunLoopStop(CFRunLoopGetMain())
        await withCheckedContinuation { continuation in
            RunLoop.main.perform {
                CFRunLoopStop(CFRunLoopGetMain())
                continuation.resume()
            }
        }
        try await repeatingTimer()
        try await performingFromElsewhere()
    }

    // MARK: Input sources

    @MainActor
    private func ownSource() async throws {
        for _ in 0..<20 {
            let source = Source()
            let isOnMain = await withCheckedContinuation { continuation in
                source.add { continuation.resume(returning: isOnMainThread()) }
                Thread.detachNewThread { source.signal() }
            }
            source.remove()
            try require(isOnMain)
        }
    }

    /// One that never has enough does not keep the loop from its work.
    @MainActor
    private func busySource() async throws {
        let source = Source()
        source.add { source.signal() }
        source.signal()
        for _ in 0..<10 { try await Task.sleep(for: .microseconds(100)) }
        try await repeatingTimer()
        source.remove()
    }

    /// Foundation's own kind of source: a thread of its own waits for the socket, and wakes the run
    /// loop.
    @MainActor
    private func socketSource() async throws {
        let source = SocketSource()
        for number in UInt8(0)..<10 {
            let byte = await withCheckedContinuation { continuation in
                source.whenRead = { continuation.resume(returning: $0) }
                let peer = source.peer
                Thread.detachNewThread {
                    _ = withUnsafeBytes(of: number) { write(peer, $0.baseAddress, 1) }
                }
            }
            try require(byte == number)
        }
        source.remove()
    }

    // MARK: What uses it

    @MainActor
    private func notificationQueue() async throws {
        for style in [NotificationQueue.PostingStyle.asap, .whenIdle, .now] {
            let name = Notification.Name("uvloop-\(style.rawValue)")
            let isOnMain = await withCheckedContinuation { continuation in
                _ = NotificationCenter.default.addObserver(
                    forName: name, object: nil, queue: .main
                ) { _ in continuation.resume(returning: isOnMainThread()) }
                NotificationQueue.default.enqueue(
                    Notification(name: name), postingStyle: style)
            }
            try require(isOnMain)
        }
    }

    @MainActor
    private func fileHandle() async throws {
        let pipe = Pipe()
        let text = await withCheckedContinuation { continuation in
            pipe.fileHandleForReading.readabilityHandler = { handle in
                handle.readabilityHandler = nil
                continuation.resume(
                    returning: String(decoding: handle.availableData, as: UTF8.self))
            }
            pipe.fileHandleForWriting.write(Data("hello".utf8))
        }
        try require(text == "hello")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exit 3"]
        try process.run()
        // Runs the run loop until it has ended.
        process.waitUntilExit()
        try require(process.terminationStatus == 3)
    }

    @MainActor
    private func operations() async throws {
        for _ in 0..<20 {
            let isOnMain = await withCheckedContinuation { continuation in
                OperationQueue.main.addOperation {
                    continuation.resume(returning: isOnMainThread())
                }
            }
            try require(isOnMain)
        }
    }

    // MARK: Cost

    /// While nothing happens, neither loop turns: nobody polls.
    @MainActor
    private func nothingToDo() async throws {
        let turns = Mutexed(0)
        let prepare = try Prepare(EventLoop.main!) { turns.value += 1 }
        prepare.keepsLoopAlive = false
        prepare.start()
        let before = cpuTime()
        try await Task.sleep(for: .milliseconds(500))
        let used = cpuTime() - before
        prepare.close()
        // Once a millisecond would be 500.
        try require(turns.value <= 20, "\(turns.value) turns")
        try require(used <= .milliseconds(50), "\(used)")
    }
}
