import CUV

/// Watches the cancellation of one task for all the waits of a scope: to register a handler with
/// the runtime for each wait would double what the wait costs. Belongs to the loop's thread.
final class TaskCover {
    private let task: UnsafeMutableRawPointer?
    /// Where the task waits at the moment.
    @exclusivity(unchecked) unowned(unsafe) var room: WaitingRoom?

    private init() {
        task = swift_task_getCurrent()
    }

    /// Whether this covers the calling task; its child tasks are others.
    @inline(__always) var isOfCurrentTask: Bool { task == swift_task_getCurrent() }

    /// Runs the scope's body, on the loop's thread. A cancellation of the task ends the wait in
    /// which it finds it; before its waits the task itself looks whether it is cancelled.
    ///
    /// - Parameter use: takes the cover for the time of the scope, nil afterwards.
    static func cover<R>(
        on loop: EventLoop, isolation: isolated (any Actor)? = #isolation,
        use: (TaskCover?) -> Void,
        _ body: nonisolated(nonsending) () async throws -> R
    ) async rethrows -> R {
        // Sound: the handler only passes it on to the loop's thread.
        nonisolated(unsafe) let cover = TaskCover()
        use(cover)
        defer { use(nil) }
        return try await withTaskCancellationHandler {
            // Captured, or the closure would run on the global executor.
            _ = isolation
            return try await body()
        } onCancel: {
            try? loop.execute { loop in cover.room?.wake(loop.core, .cancelled) }
        }
    }
}
