/// A closure that runs until a deadline at most.
///
/// It runs in a child task, because only a whole task can be cancelled, and this one has to go on.
/// Its parent, which has nothing else to do, *is* the timer: it waits in a ``WaitingRoom`` of the
/// loop until the child says that it has ended or the time is over, and cancels the group in that
/// case. So all of it is structured (cancellation, priority and task-local values go down by
/// themselves, and nobody leaves before the child has ended), and it takes one timer and no second
/// task.
///
/// Sendable without the compiler's check: of the two tasks the parent only touches what belongs to
/// the loop's thread, there, until the child has ended.
final class TimedScope<R>: @unchecked Sendable {
    private typealias Body = nonisolated(nonsending) () async throws -> R
    /// Why the child was cancelled here.
    private enum End { case time, loop }

    private let loop: EventLoop
    private let deadline: EventLoop.Instant
    /// Written by the child.
    private var result: Result<R, any Error>?
    // Of the loop's thread.
    private let room = WaitingRoom(wokenAtEnd: true)
    private var hasEnded = false

    init(_ loop: EventLoop, _ deadline: EventLoop.Instant) {
        self.loop = loop
        self.deadline = deadline
    }

    func run(
        isolation: isolated (any Actor)? = #isolation,
        _ body: nonisolated(nonsending) () async throws -> R
    ) async throws -> R {
        let end = await withoutActuallyEscaping(body) { body in
            await startAndWait(isolation, body)
        }
        do {
            return try result!.get()
        } catch is CancellationError where end != nil && !Task.isCancelled {
            throw end == .loop ? EventLoopError.closed : .timedOut
        }
    }

    private func startAndWait(
        _ isolation: isolated (any Actor)?,
        _ body: nonisolated(nonsending) @escaping () async throws -> R
    ) async -> End? {
        // Sound: the child runs it with the isolation of the caller, who waits until it has ended.
        nonisolated(unsafe) let body = body
        return await withTaskGroup(of: Void.self) { group in
            // Captured, or the closure would run on the global executor.
            _ = isolation
            var end: End? = deadline > .now ? nil : .time
            if end != nil { group.cancelAll() }
            group.addTask { await self.runChild(isolation, body) }
            if end == nil {
                end = await wait()
                if end != nil { group.cancelAll() }
            }
            return end
        }
    }

    private func runChild(
        _ isolation: isolated (any Actor)?, _ body: nonisolated(nonsending) () async throws -> R
    ) async {
        // Also the first thing that this function does, where it is isolated: a closure that is
        // awaited first can run elsewhere (swiftlang/swift 86083).
        isolation?.preconditionIsolated()
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        if loop.isOnThread { return ended() }
        // Refused means that the parent has been woken by the loop's end.
        try? loop.execute { _ in self.ended() }
    }

    private func ended() {
        hasEnded = true
        room.wake(loop.core)
    }

    /// Waits until the child has to be cancelled, or has ended or been cancelled already.
    private nonisolated(nonsending) func wait() async -> End? {
        guard loop.isHome() else {
            return (try? await loop.visit { await self.wait() }) ?? nil
        }
        guard !hasEnded else { return nil }
        guard !loop.core.isClosing else { return .loop }
        guard await room.wait(on: loop, until: deadline) == .timedOut else { return nil }
        return loop.core.isClosing && deadline > .now ? .loop : .time
    }
}
