extension EventLoop {
    /// Runs work that blocks, such as a call into a library that knows no other way, on a thread of
    /// libuv's pool, and returns what it returns, while the loop goes on. From any task.
    ///
    /// ```swift
    /// let rows = try await loop.blocking { try database.select("SELECT * FROM users") }
    /// ```
    ///
    /// **What for.** For what waits: files, locks, databases, names. What *computes* for a while
    /// belongs into ``offload(_:)``, which has as many threads as there are cores.
    ///
    /// **The pool** has 4 threads, which all loops of the process share, and with them files and
    /// name look-ups: work that comes when all are busy waits its turn. The variable
    /// `UV_THREADPOOL_SIZE` of the environment says how many there are, at most 1,024; it has to be
    /// set before the pool is first used, and the pool never grows or shrinks.
    ///
    /// **Cancellation.** A task that is cancelled before a thread has begun goes on at once, and
    /// the work does not run. Work that has begun cannot be stopped: the task waits for it, and
    /// gets what comes of it; or, if `abandonsWhenCancelled`, it goes on at once, and what comes of
    /// the work is dropped. The work is no task: it has no task-local values and hears of no
    /// cancellation.
    ///
    /// A loop that closes waits for the work that it has in the pool.
    ///
    /// Binds `uv_queue_work`, `uv_cancel`.
    ///
    /// - Parameters:
    ///   - abandonsWhenCancelled: whether a cancelled task leaves work behind that has begun.
    ///   - work: what to do.
    /// - Throws: what `work` throws; `CancellationError`, after which the work has not run, or is
    ///   abandoned; ``EventLoopError/closed``.
    public nonisolated(nonsending) func blocking<R>(
        abandonsWhenCancelled: Bool = false, _ work: @escaping @Sendable () throws -> sending R
    ) async throws -> sending R {
        try checkCancellation()
        let call = BlockingCall(abandonsWhenCancelled, work)
        return try await call.run(on: self).value.get()
    }

    /// The same for callbacks: calls `completion` on the loop's thread when the work is done.
    ///
    /// Binds `uv_queue_work`.
    ///
    /// - Parameters:
    ///   - work: what to do on a thread of the pool.
    ///   - completion: called once, later: with what `work` has returned or thrown, or with
    ///     ``UVError/canceled`` if it was taken back. If it throws, the loop's exception handler
    ///     gets the error.
    /// - Returns: the work, to take it back; it needs not be kept.
    /// - Throws: ``UVError/canceled`` on a closed loop; nothing is called then.
    @discardableResult
    public nonisolated func blocking<R>(
        _ work: @escaping @Sendable () throws -> sending R,
        completion: @escaping (Result<R, any Error>) throws -> Void
    ) throws(UVError) -> BlockingWork {
        preconditionOnThread("blocking")
        let box = BlockingBox(work)
        let request = try WorkRequest.start(self, box.run) { [self] answer in
            core.guarded(.blockingCompletion) { try completion(box.result(answer)) }
        }
        return BlockingWork(request)
    }
}

/// Work in the thread pool, to take it back. Belongs to the loop's thread.
public struct BlockingWork {
    private let request: WorkRequest
    init(_ request: WorkRequest) { self.request = request }

    /// Takes the work back, if no thread has begun with it; its completion then hears
    /// ``UVError/canceled``. Otherwise, and once it is over, nothing happens. Binds `uv_cancel`.
    ///
    /// - Returns: whether it was taken back, and has not run and will not.
    @discardableResult
    public func cancel() -> Bool { request.cancel() }
}
