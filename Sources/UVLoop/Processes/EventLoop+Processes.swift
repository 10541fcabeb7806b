import CUV

extension EventLoop {
    /// Starts a program as a child process, in callback form. On the loop's thread.
    ///
    /// Blocks until the system has begun to run the program, so that what is wrong is known at
    /// once. The child's signals do what they do by default, and none is blocked.
    ///
    /// Binds `uv_spawn`; on Linux mostly `posix_spawn`, which copies nothing of this process.
    ///
    /// - Parameter onExit: called once, after the end of the process and of its output; see
    ///   ``ProcessHandle``. If it throws, the loop's exception handler gets the error.
    /// - Returns: the handle, which needs not be kept.
    /// - Throws: ``ProcessError/notStarted(program:_:)``,
    ///   ``ProcessError/directoryNotEntered(_:program:_:)``. Nothing is left then.
    @discardableResult
    public nonisolated func spawnProcess(
        _ options: ProcessOptions, file: StaticString = #fileID, line: UInt = #line,
        onExit: @escaping (ProcessExitStatus) throws -> Void
    ) throws(ProcessError) -> ProcessHandle {
        try ProcessHandle(self, options, SourcePlace(file: file, line: line), onExit)
    }

    /// Starts a program as a child process, from any task.
    ///
    /// The child goes on, whatever becomes of the task and of the loop; `withProcess` ends it.
    ///
    /// Blocks the loop until the system has begun to run the program, so that what is wrong is
    /// known at once. The child's signals do what they do by default, and none is blocked.
    ///
    /// Binds `uv_spawn`; on Linux mostly `posix_spawn`, which copies nothing of this process.
    ///
    /// - Throws: ``ProcessError/notStarted(program:_:)``,
    ///   ``ProcessError/directoryNotEntered(_:program:_:)``, ``EventLoopError/closed``,
    ///   `CancellationError`. Nothing is left then.
    public nonisolated(nonsending) func spawnProcess(
        _ options: ProcessOptions, file: StaticString = #fileID, line: UInt = #line
    ) async throws -> ChildProcess {
        try await child(options, SourcePlace(file: file, line: line), endsWithLoop: false)
    }

    private nonisolated(nonsending) func child(
        _ options: ProcessOptions, _ place: SourcePlace, endsWithLoop: Bool
    ) async throws -> ChildProcess {
        guard isHome() else {
            return try await visit {
                try await self.child(options, place, endsWithLoop: endsWithLoop)
            }
        }
        try checkCancellation()
        guard !isClosed else { throw EventLoopError.closed }
        let handle = try ProcessHandle(self, options, place)
        handle.endsWithLoop = endsWithLoop
        do throws(UVError) {
            return try ChildProcess(handle, extraCount: options.extraDescriptors.count)
        } catch {
            try? handle.kill(.kill)
            handle.close()
            throw ProcessError.notStarted(program: options.program, error)
        }
    }

    /// Starts a program, lends it to a closure, and ends it on every exit: whether the closure
    /// returns, throws or is cancelled, and when the loop closes.
    ///
    /// A child that still runs then gets ``Signal/terminate``, its pipes are closed, and when the
    /// grace is over it gets ``Signal/kill``. This returns when the child has ended. To let it end
    /// by itself, wait for that in the closure.
    ///
    /// - Parameters:
    ///   - grace: how long the child has from the closure's end on; zero to kill it at once.
    ///   - body: uses the child, where the caller is.
    /// - Throws: as `spawnProcess`; what the closure throws.
    public nonisolated(nonsending) func withProcess<R>(
        _ options: ProcessOptions, grace: Duration = .seconds(5),
        file: StaticString = #fileID, line: UInt = #line,
        _ body: nonisolated(nonsending) (ChildProcess) async throws -> R
    ) async throws -> R {
        let child = try await child(
            options, SourcePlace(file: file, line: line), endsWithLoop: true)
        do {
            let result = try await body(child)
            await child.end(within: grace)
            return result
        } catch {
            await child.end(within: grace)
            throw error
        }
    }

    /// Keeps what this process has been started with, and has open without the mark close-on-exec,
    /// from the children it starts: but for what their options say. To be called first of all, when
    /// there are no other threads.
    ///
    /// Binds `uv_disable_stdio_inheritance`.
    public static func disableDescriptorInheritance() { uv_disable_stdio_inheritance() }
}
