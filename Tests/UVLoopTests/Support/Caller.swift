import Synchronization

@testable import UVLoop

/// From where a task uses what lives on a loop.
enum Caller: CaseIterable, Sendable {
    /// Isolated to the loop.
    case loop
    /// A task of `spawn`.
    case spawned
    /// `Task {}` in code isolated to the loop, without a capture of it.
    case taskOnLoop
    /// No isolation, but the loop as the preferred executor.
    case preferring
    /// A default actor in a task that prefers the loop: it runs on its thread.
    case actorPreferring
    /// An actor whose executor is the loop's.
    case pinnedActor
    /// An actor of Swift's own.
    case actor
    case mainActor
    /// No isolation and no preference.
    case global
    /// Begins on the loop's thread, with nothing to bring it back there.
    case immediate
    /// On the loop's thread by chance: the runtime believes that it is isolated to the loop, and
    /// takes it elsewhere when it asks to be on no actor.
    case stray

    typealias Work<R> = nonisolated(nonsending) @Sendable () async throws -> R

    typealias StreamWork<R> =
        nonisolated(nonsending) @Sendable (SocketStream) async throws -> R

    /// Does the work in a task of this kind.
    func run<R: Sendable>(_ loop: isolated EventLoop, _ work: @escaping Work<R>) async throws -> R {
        switch self {
        case .loop: try await work()
        case .spawned: try await loop.spawn { _ in try await work() }.value
        case .taskOnLoop: try await Task { try await work() }.value
        case .preferring:
            try await Task(executorPreference: loop.loopTaskExecutor) { try await work() }.value
        case .actorPreferring:
            try await Task(executorPreference: loop.loopTaskExecutor) {
                try await PlainActor().run(work)
            }.value
        case .pinnedActor: try await PinnedActor(loop).run(work)
        case .actor: try await PlainActor().run(work)
        case .mainActor: try await Self.onMain(work)
        case .global: try await Task.detached { try await work() }.value
        case .immediate: try await Task.immediateDetached { try await work() }.value
        case .stray:
            try await Task(executorPreference: StrayExecutor(loop)) { try await work() }.value
        }
    }

    @MainActor
    private static func onMain<R: Sendable>(_ work: Work<R>) async throws -> R {
        MainActor.preconditionIsolated()
        let result = try await work()
        MainActor.preconditionIsolated()
        return result
    }

    private actor PlainActor {
        func run<R: Sendable>(_ work: Work<R>) async throws -> R {
            preconditionIsolated()
            let result = try await work()
            preconditionIsolated()
            return result
        }
    }

    private actor PinnedActor {
        private let loop: EventLoop
        init(_ loop: EventLoop) { self.loop = loop }
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

        func run<R: Sendable>(_ work: Work<R>) async throws -> R {
            precondition(loop.isOnThread)
            let result = try await work()
            precondition(loop.isOnThread)
            preconditionIsolated()
            return result
        }
    }
}

/// Cancels a task that is not at hand otherwise.
final class Canceller: Sendable {
    private let task = Mutexed<@Sendable () -> Void>()

    /// The calling task has to live until after ``cancel()``.
    func takeCurrentTask() {
        withUnsafeCurrentTask { task in
            // Sound: whoever cancels waits for the task afterwards.
            nonisolated(unsafe) let task = task!
            self.task.value = { task.cancel() }
        }
    }

    func cancel() { task.value?() }
}

/// Begins its task where a function isolated to the loop leaves one if the compiler omits the way
/// back from there (6.3.1 does in release builds), and goes on in Swift's pool.
final class StrayExecutor: TaskExecutor {
    private let loop: EventLoop
    private let hasBegun = Atomic(false)

    init(_ loop: EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        guard !hasBegun.exchange(true, ordering: .relaxed) else {
            return startThread { job.runSynchronously(on: executor) }
        }
        try? loop.execute {
            job.runSynchronously(isolatedTo: $0.unownedExecutor, taskExecutor: executor)
        }
    }
}
