import ExampleSupport
import UVLoop

/// One program, as often as it takes.
struct Supervisor {
    var options = ProcessOptions("true")
    var pause = Duration.seconds(1)
    var grace = Duration.seconds(5)
    /// How often it is started again, at most.
    var restarts = Int.max

    /// What one life of the program came to.
    private enum Outcome {
        case ended(ProcessExitStatus)
        case asked(Signal)
    }

    func run() throws {
        try EventLoop.run { loop in
            // From here on nothing is lost that comes between two lives.
            let signals = try await loop.signals(.terminate, .interrupt, .hangUp, .user1, .user2)
            for restart in 0... {
                switch try await live(loop, signals) {
                case .asked(let signal): return say("ended because of \(signal)")
                case .ended(let status):
                    say("\(options.program) \(status)")
                    if status.isSuccess || restart >= restarts { return }
                }
                guard try await sleep(loop, signals) else { return }
            }
        }
    }

    /// Starts the program, and passes signals on until it has ended or is to end. Leaving the scope
    /// ends it.
    private nonisolated(nonsending) func live(
        _ loop: EventLoop, _ signals: SignalSequence
    ) async throws -> Outcome {
        try await loop.withProcess(options, grace: grace) { child in
            say("started \(options.program) as \(child.processID)")
            return try await first {
                .ended(try await child.waitForExit())
            } or: {
                for await signal in signals {
                    if signal == .terminate || signal == .interrupt { return .asked(signal) }
                    say("passing on \(signal)")
                    try? await child.kill(signal)
                }
                throw CancellationError()
            }
        }
    }

    /// Waits for the pause; false if the program is to end meanwhile.
    private nonisolated(nonsending) func sleep(
        _ loop: EventLoop, _ signals: SignalSequence
    ) async throws -> Bool {
        try await first {
            try await loop.sleep(for: pause)
            return true
        } or: {
            for await signal in signals where signal == .terminate || signal == .interrupt {
                say("ended because of \(signal)")
                return false
            }
            throw CancellationError()
        }
    }

    /// What the first of two closures that ends returns; the other one is cancelled.
    private nonisolated(nonsending) func first<R: Sendable>(
        _ one: @escaping @Sendable () async throws -> R,
        or other: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        try await withThrowingTaskGroup(of: R.self) { group in
            group.addTask(operation: one)
            group.addTask(operation: other)
            defer { group.cancelAll() }
            return try await group.next()!
        }
    }
}
