import CUV

// From any task to the loop and back: what the async operations of all that lives on a loop begin
// with.
extension EventLoop {
    /// Whether the calling task, of this isolation, is on the loop's thread and will be there again
    /// after a wait: with the isolation of an actor whose executor is the loop's, or without one
    /// and with the loop as the executor of such tasks.
    ///
    /// To be on the thread is not enough for an operation that waits. A task without isolation can
    /// be there by chance: it began there, or a function isolated to the loop has left it there,
    /// since compilers omit ways back (6.3.1 does). The next wait takes it to where it belongs. And
    /// an actor's function that awaits a closure first can be where its actor is not
    /// (swiftlang/swift 86083).
    @inline(__always)
    nonisolated func isHome(_ isolation: (any Actor)? = #isolation) -> Bool {
        guard core.isOnThread else { return false }
        guard let isolation else { return isHomeWithoutIsolation }
        return isolation === self || isExecutor(of: isolation)
    }

    @inline(never)
    private nonisolated var isHomeWithoutIsolation: Bool {
        guard let preferred = withUnsafeCurrentTask(body: { $0?.unownedTaskExecutor }) else {
            return core.isDefault
        }
        return preferred == core.taskExecutor
    }

    @inline(never)
    private nonisolated func isExecutor(of actor: any Actor) -> Bool {
        actor.unownedExecutor.identity == core.serialExecutor.identity
    }

    /// Runs an operation of one of the loop's objects for a task that is elsewhere: one hop here,
    /// one back.
    nonisolated(nonsending) func visit<R>(
        _ operation: nonisolated(nonsending) @Sendable () async throws -> sending R
    ) async throws -> sending R {
        do {
            let result = try await run(operation)
            await Self.comeBack()
            return result
        } catch {
            await Self.comeBack()
            throw error
        }
    }

    private func run<R>(
        _ operation: nonisolated(nonsending) @Sendable () async throws -> sending R
    ) async throws -> sending R {
        // Also the first thing that this function does, on the loop: a closure that is awaited
        // first can run elsewhere (swiftlang/swift 86083).
        preconditionIsolated()
        return try await operation()
    }

    /// Takes the task back to where its isolation belongs. The compiler's own way back is not there
    /// in release builds if an error is thrown, or nothing follows that needs it (6.3.1).
    @inline(never)
    private static func comeBack(_ isolation: isolated (any Actor)? = #isolation) async {
        // What a hop is for, to the compiler: it cannot know what this does.
        _ = swift_task_getCurrent()
    }
}
