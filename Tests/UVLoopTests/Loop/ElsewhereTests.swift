import Testing

@testable import UVLoop

/// What holds for both ways to run a closure on another thread. One after the other: they keep
/// threads of Dispatch's and of the pool's waiting, of which there are few.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ElsewhereTests {
    enum Way: CaseIterable {
        case blocking, offload

        nonisolated(nonsending) func run<R>(
            _ loop: EventLoop, _ work: @escaping @Sendable () throws -> sending R
        ) async throws -> sending R {
            switch self {
            case .blocking: try await loop.blocking(work)
            case .offload: try await loop.offload(work)
            }
        }
    }

    private final class NotSendable {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    @Test(arguments: Way.allCases, Caller.allCases)
    func itRunsElsewhereAndComesBack(_ way: Way, _ caller: Caller) async throws {
        try await onLoop { loop in
            try await caller.run(loop) {
                let wasOnThread = loop.isOnThread
                let result = try await way.run(loop) { loop.isOnThread ? nil : NotSendable(5) }
                #expect(result?.number == 5)
                if caller != .immediate { #expect(loop.isOnThread == wasOnThread) }
            }
        }
    }

    @Test(arguments: Way.allCases)
    func itsErrorComesOutAsItIs(_ way: Way) async throws {
        try await onLoop { loop in
            let error = await failure { try await way.run(loop) { throw Planned(number: 3) } }
            #expect(error as? Planned == Planned(number: 3))
            let system = await failure { try await way.run(loop) { throw UVError.canceled } }
            #expect(system as? UVError == .canceled)
        }
    }

    @Test(arguments: Way.allCases, Caller.allCases)
    func aCancelledTaskDoesNothing(_ way: Way, _ caller: Caller) async throws {
        try await onLoop { loop in
            try await caller.run(loop) {
                await withTaskGroup(of: Void.self) { group in
                    group.cancelAll()
                    group.addTask {
                        await expectCancelled {
                            try await way.run(loop) { Issue.record("it ran") }
                        }
                    }
                }
            }
        }
    }

    /// Either it ran and has a result, or it did not run.
    @Test(arguments: Way.allCases)
    func cancellationMayMeetTheBeginning(_ way: Way) async throws {
        try await onLoop { loop in
            for number in 0..<300 {
                let hasRun = Mutexed(false)
                let task = loop.spawn { loop in
                    try await way.run(loop) { hasRun.value = true }
                }
                if number % 3 == 0 { await Task.yield() }
                if number % 3 == 1 { try await loop.sleep(for: .zero) }
                Task.detached { task.cancel() }
                let error = await failure { try await task.value }
                #expect(hasRun.value == (error == nil))
                #expect(error == nil || error is CancellationError)
            }
        }
    }
}
