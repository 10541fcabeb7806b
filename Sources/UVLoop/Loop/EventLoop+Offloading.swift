extension EventLoop {
    /// Runs a computation on another core and returns what it returns, while the loop goes on.
    ///
    /// ```swift
    /// let digest = try await loop.offload { sha256(of: bytes) }
    /// ```
    ///
    /// **When.** The way there and back costs about 10 µs of CPU time, and up to 50 when a core has
    /// to be woken. So it pays for what takes 100 µs and more; what takes less is done sooner than
    /// moved. What takes milliseconds does not belong on the loop at all, because everything else
    /// there waits for it.
    ///
    /// **Not for what blocks**, such as reading a file or waiting for a lock. The threads are those
    /// of Dispatch's global queue, as many as there are cores: a thread that waits there keeps a
    /// core from computing. They are others than those of libuv's pool, which files and name
    /// look-ups share, so that neither keeps the other waiting.
    ///
    /// The computation is no task: it has no task-local values and hears of no cancellation. A task
    /// that is cancelled before a thread has begun with it goes on at once, and the computation
    /// does not run; one that has begun is waited for.
    ///
    /// - Parameter work: what to compute.
    /// - Throws: what `work` throws; `CancellationError` if it did not run.
    public nonisolated(nonsending) func offload<R>(
        _ work: @escaping @Sendable () throws -> sending R
    ) async throws -> sending R {
        try checkCancellation()
        let keepsAlive = isOnThread
        if keepsAlive { core.keepAlive(1) }
        defer { if keepsAlive { endOffload() } }
        return try await Computation(work).run()
    }

    /// The calling task may have come back somewhere else.
    private nonisolated func endOffload() {
        if isOnThread {
            if !core.isClosed { core.keepAlive(-1) }
        } else {
            // Refused means that there is nothing left to keep alive.
            try? execute { $0.core.keepAlive(-1) }
        }
    }
}
