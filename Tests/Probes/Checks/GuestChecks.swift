import Dispatch
import Foundation
import UVLoop

/// What there is besides when a run loop has the main thread.
extension Checks {
    /// Makes the checks of a guest; ends the program at the first that does not hold.
    @MainActor
    public func runAsGuest() async throws {
        do {
            try await runLoopTimers()
            try await workFromTheMainQueue()
            try await fromOutsideEveryTurn()
        } catch {
            say("failed as a guest: \(error)")
            exit(1)
        }
        say("all checks passed")
    }

    @MainActor
    private func runLoopTimers() async throws {
        let isOnMain = await withCheckedContinuation { continuation in
            let timer = Foundation.Timer(timeInterval: 0.01, repeats: false) { _ in
                continuation.resume(returning: isOnMainThread())
            }
            RunLoop.main.add(timer, forMode: .default)
        }
        try require(isOnMain)
        let isPerformed = await withCheckedContinuation { continuation in
            RunLoop.main.perform { continuation.resume(returning: isOnMainThread()) }
        }
        try require(isPerformed)
    }

    /// Tasks that start where no turn of the loop is under way.
    @MainActor
    private func workFromTheMainQueue() async throws {
        for _ in 0..<100 {
            let result = await withCheckedContinuation { continuation in
                DispatchQueue.main.async {
                    Task {
                        try? await Task.sleep(for: .microseconds(50))
                        continuation.resume(returning: 7)
                    }
                }
            }
            try require(result == 7)
        }
    }

    /// Calls and timers of the loop, from a block of the main queue and from another thread.
    @MainActor
    private func fromOutsideEveryTurn() async throws {
        let loop = EventLoop.main!
        await withCheckedContinuation { continuation in
            DispatchQueue.main.async { loop.callSoon { continuation.resume() } }
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.main.async {
                loop.callLater(.milliseconds(1)) { continuation.resume() }
            }
        }
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: 0.01)
                try? loop.execute { _ in continuation.resume() }
            }
        }
    }
}
