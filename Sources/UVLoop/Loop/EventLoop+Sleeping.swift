extension EventLoop {
    /// Suspends the calling task for a time, by one timer of the loop: never early, on Linux as
    /// exact as the kernel's own timers. From any task; off the loop's thread it costs one hop.
    ///
    /// A cancelled sleep ends and gives its timer back at once. Zero and less let the others go on
    /// first: what is queued on the loop runs, then the task. The sleep keeps a
    /// ``run(_:)-method`` from returning, and lasts at least until the loop runs.
    ///
    /// - Parameter duration: how long from the call on. Clamped to 292 years.
    /// - Throws: `CancellationError`; ``EventLoopError/closed`` on a loop that is closed, or when
    ///   that comes before the end.
    public nonisolated(nonsending) func sleep(for duration: Duration) async throws {
        guard duration > .zero else { return try await yield() }
        // Before the hop, which is a part of the time.
        try await sleep(until: .now.advanced(by: duration))
    }

    /// Suspends the calling task until an instant; see ``sleep(for:)``.
    ///
    /// - Parameter deadline: an instant that has passed is as a sleep of zero.
    /// - Throws: as ``sleep(for:)``.
    public nonisolated(nonsending) func sleep(until deadline: Instant) async throws {
        guard isHome() else { return try await visit { try await self.sleep(until: deadline) } }
        try checkCancellation()
        guard !core.isClosing else { throw EventLoopError.closed }
        guard deadline > .now else { return try await yield() }
        switch await WaitingRoom(wokenAtEnd: true).wait(on: self, until: deadline) {
        case .cancelled: throw CancellationError()
        case .woken: break
        case .timedOut:
            guard core.isClosing, deadline > .now else { break }
            // The loop's own tasks are cancelled when it closes, and hear of that.
            try checkCancellation()
            throw EventLoopError.closed
        }
    }

    /// Lets what is queued on the loop go first.
    private nonisolated(nonsending) func yield() async throws {
        guard isHome() else { return try await visit { try await self.yield() } }
        try checkCancellation()
        guard !core.isClosing else { throw EventLoopError.closed }
        // Nobody has named a place to wait in, so the job goes to the end of the queue.
        await core.parking.wait()
        try checkCancellation()
    }
}
