import CUV
import Glibc
import Testing

@testable import UVLoop

/// Signals for tasks. In processes of their own.
@Suite struct SignalSequenceTests {
    @Test func whatCannotBeWatchedLeavesNothingWatched() async throws {
        try await onLoop { loop in
            await #expect(throws: UVError.invalidArgument) {
                _ = try await loop.signals(.profilingAlarm, .kill)
            }
            #expect(!loop.core.hasUserHandles || cuv_has_default_action(SIGPROF))
        }
    }

    @Test func comesInOrderAndCoalesces() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let signals = try await loop.signals(.user1, .user2, .hangUp, .user1)
                for signal in [Signal.user1, .user2, .user1, .user1] {
                    try signal.send(to: getpid())
                    // Each is delivered to the loop by itself.
                    await turns(loop, for: .milliseconds(5))
                }
                var iterator = signals.makeAsyncIterator()
                var heard = [await iterator.next(), await iterator.next()]
                loop.callLater(.milliseconds(5)) { try Signal.hangUp.send(to: getpid()) }
                heard.append(await iterator.next())
                signals.close()
                signals.close()
                heard.append(await iterator.next())
                precondition(heard == [.user1, .user2, .hangUp, nil])
                await Task.yield()
                precondition(cuv_has_default_action(SIGUSR1))
            }
        }
    }

    @Test func tasksElsewhereHearOfIt() async {
        await #expect(processExitsWith: .success) {
            let thread = try EventLoopThread()
            let signals = try await thread.loop.signals(.user1)
            let waiting = Task.detached { () -> Signal? in
                for await signal in signals { return signal }
                return nil
            }
            try Signal.user1.send(to: getpid())
            let heard = await waiting.value
            precondition(heard == .user1)
            await thread.shutdown()
        }
    }

    @Test func endsWithTheTaskAndWithTheLoop() async {
        await #expect(processExitsWith: .success) {
            let thread = try EventLoopThread()
            let signals = try await thread.loop.signals(.user1)
            let cancelled = Task.detached { for await _ in signals {} }
            let waiting = Task.detached { for await _ in signals {} }
            cancelled.cancel()
            await cancelled.value
            await thread.shutdown()
            await waiting.value
            for await _ in signals { preconditionFailure() }
            do {
                _ = try await thread.loop.signals(.user1)
                preconditionFailure()
            } catch EventLoopError.closed {}
        }
    }

    @Test func oneThatNobodyRefersToWatchesNoMore() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                do { _ = try await loop.signals(.user1) }
                for _ in 0..<3 { await turns(loop, for: .milliseconds(1)) }
                precondition(cuv_has_default_action(SIGUSR1))
                precondition(!loop.core.hasUserHandles)
            }
        }
    }
}
