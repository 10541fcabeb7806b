/// A program that runs as a child of this process, for tasks.
///
/// ```swift
/// var options = ProcessOptions("sort")
/// (options.standardInput, options.standardOutput) = (.pipe, .pipe)
/// let sorted = try await loop.withProcess(options) { child in
///     try await child.standardInput!.send("b\na\n")
///     try await child.standardInput!.sendEOF()
///     return try await child.standardOutput!.receiveLine()
/// }
/// ```
///
/// Made by `EventLoop.spawnProcess`, by `withProcess` for as long as a closure runs, and by `run`
/// where only its output matters. May be used by any task.
///
/// **Pipes.** Where the options ask for them there are streams to the child, with all that a
/// ``SocketStream`` does. A program that writes more than fits waits until somebody reads: read
/// both outputs at once, or send one of them elsewhere.
///
/// **The end.** ``waitForExit(afterOutput:)`` tells how it has ended, to as many tasks as ask, also
/// if that was long before. A child that nobody refers to any more goes on, and so does one whose
/// loop closes; whichever way it ends, no zombie is left of it. Only `withProcess` and `run` end
/// what they have started.
///
/// A child that still runs keeps ``EventLoop/run(_:)-method`` from returning.
public final class ChildProcess: Sendable {
    /// The loop that hears of the child's end.
    public let loop: EventLoop
    /// The number of the process.
    public let processID: Int32
    /// Writes to the child's standard input, if that is a pipe. ``SocketStream/sendEOF()`` ends it.
    public let standardInput: SocketStream?
    /// Reads the child's standard output, if that is a pipe.
    public let standardOutput: SocketStream?
    /// Reads the child's standard error, if that is a pipe.
    public let standardError: SocketStream?
    /// The streams of the extra descriptors, from 3 on; nil for those that are no pipe and no
    /// socket.
    public let extraStreams: [SocketStream?]
    // Sound: touched on the loop's thread only, which every operation checks, in release too.
    nonisolated(unsafe) private let handle: ProcessHandle

    /// On the loop's thread.
    init(_ handle: ProcessHandle, extraCount: Int) throws(UVError) {
        loop = handle.loop
        processID = handle.processID
        self.handle = handle
        standardInput = try handle.openStream(0)
        standardOutput = try handle.openStream(1)
        standardError = try handle.openStream(2)
        var extraStreams: [SocketStream?] = []
        for number in 0..<extraCount { extraStreams.append(try handle.openStream(3 + number)) }
        self.extraStreams = extraStreams
    }

    // MARK: The end

    /// Waits until the child has ended, and returns how.
    ///
    /// The end is reported when that of the child's output has come: so what it wrote is in the
    /// streams, or has been received. A pipe of which nobody takes what has come, more than a
    /// stream keeps, is not waited for; one that another process has got from the child is.
    ///
    /// - Parameter afterOutput: false to wait for the process alone.
    /// - Throws: `CancellationError`, and the child goes on; ``EventLoopError/closed`` if the loop
    ///   closes first.
    public nonisolated(nonsending) func waitForExit(
        afterOutput: Bool = true
    ) async throws -> ProcessExitStatus {
        guard loop.isHome() else {
            return try await loop.visit { try await self.waitForExit(afterOutput: afterOutput) }
        }
        return try await handle.waitForExit(afterOutput: afterOutput)
    }

    /// How the child has ended, as far as the loop knows; nil if it still runs.
    public nonisolated(nonsending) func exitStatus() async throws -> ProcessExitStatus? {
        guard loop.isHome() else { return try await loop.visit { try await self.exitStatus() } }
        try checkCancellation()
        return handle.exitStatus
    }

    // MARK: Signals

    /// Sends the child a signal; to a detached one and its whole group. Never reaches another
    /// process.
    ///
    /// Binds `uv_kill`, which `uv_process_kill` calls.
    ///
    /// - Throws: ``UVError/noSuchProcess`` once it has ended; ``UVError/invalidArgument`` for a
    ///   number that is no signal; ``UVError/notPermitted``; `CancellationError`.
    public nonisolated(nonsending) func kill(_ signal: Signal) async throws {
        guard loop.isHome() else { return try await loop.visit { try await self.kill(signal) } }
        try checkCancellation()
        try handle.kill(signal)
    }

    /// Asks the child to end by ``Signal/terminate``, and if it has not after a time, ends it by
    /// ``Signal/kill``. Waits for the process alone, not for what reads its output.
    ///
    /// - Parameter grace: how long the child has.
    /// - Returns: how it has ended, also if that was before.
    /// - Throws: `CancellationError`: a cancelled task ends the child at once;
    ///   ``EventLoopError/closed`` if the loop closes first.
    @discardableResult
    public nonisolated(nonsending) func terminate(
        grace: Duration = .seconds(5)
    ) async throws -> ProcessExitStatus {
        guard loop.isHome() else {
            return try await loop.visit { try await self.terminate(grace: grace) }
        }
        try? handle.kill(Task.isCancelled || grace <= .zero ? .kill : .terminate)
        let handle = handle
        let timer = loop.callLater(grace) { try? handle.kill(.kill) }
        defer { timer.stop() }
        do {
            return try await handle.waitForExit(afterOutput: false)
        } catch {
            try? handle.kill(.kill)
            throw error
        }
    }

    /// Ends the child and all streams to it, also in a cancelled task; for scopes.
    nonisolated(nonsending) func end(within grace: Duration) async {
        guard loop.isHome() else {
            // Throws nothing of its own.
            try? await loop.visit { await self.end(within: grace) }
            return
        }
        try? handle.kill(grace <= .zero ? .kill : .terminate)
        standardInput?.abort()
        standardOutput?.abort()
        standardError?.abort()
        for stream in extraStreams { stream?.abort() }
        await handle.end(within: grace)
    }
}
