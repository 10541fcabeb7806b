import CUV

extension EventLoop {
    /// The loop that runs the main actor; nil unless it is installed.
    public nonisolated static var main: EventLoop? { MainLoop.shared?.loop }

    /// Replaces Swift's default loop: from now on the main actor, the global executor and
    /// `Task.sleep` run on a libuv loop on the main thread.
    ///
    /// ```swift
    /// @main struct App {
    ///     static func main() async throws {
    ///         try EventLoop.install()
    ///         …
    ///     }
    /// }
    /// ```
    ///
    /// For the first line of an async `main`, or of a `main.swift` that awaits at the top level;
    /// for a synchronous `main` there is ``runMain(_:_:)``, which needs no `install`. Once the main
    /// actor is the loop, code that is isolated to it is on the loop's thread, and uses what lives
    /// on ``main`` directly.
    ///
    /// Where `RunLoop.main.run()` has the main thread, the loop is turned from there.
    ///
    /// The main queue of Dispatch is served by the loop, and with it `OperationQueue.main` and the
    /// handlers of `URLSession` and `Process`. The loop is never closed. What blocks the main
    /// thread blocks everything: to wait there on a semaphore for a task is a deadlock.
    ///
    /// Installing it again in the same mode does nothing.
    ///
    /// - Returns: the loop.
    /// - Throws: ``InstallError``; ``UVError`` if no loop could be made.
    @discardableResult
    public nonisolated static func install(_ mode: InstallMode = .single) throws -> EventLoop {
        guard cuv_is_main_thread() else { throw InstallError.notOnMainThread }
        return try MainLoop.install(mode).loop
    }

    /// Runs an async closure on the main actor, with Swift's default loop replaced: see
    /// ``install(_:)``. For a synchronous `main`.
    ///
    /// ```swift
    /// @main struct App {
    ///     static func main() throws {
    ///         try EventLoop.runMain {
    ///             …
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// Returns when the closure has ended. Tasks that are left stay where they are, and go on in
    /// the next `runMain`. The first SIGINT cancels the task of the closure, unless the program has
    /// a handler of its own; the second does what it does by default.
    ///
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws; ``InstallError``; ``EventLoopError/running`` inside a run;
    ///   ``EventLoopError/stopped`` if ``stop()`` ended it first.
    @discardableResult
    public nonisolated static func runMain<R>(
        _ mode: InstallMode = .single, _ body: @escaping @MainActor () async throws -> R
    ) throws -> R {
        let loop = try install(mode)
        guard CurrentLoop.get() == nil else { throw EventLoopError.running }
        // Sound: everything of this runs on the main thread, which waits here.
        nonisolated(unsafe) var result: Result<R, any Error>?
        let task = Task { @MainActor in
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            loop.core.stop()
        }
        let interrupts = try InterruptWatch(loop) { task.cancel() }
        defer { interrupts.end() }
        try MainLoop.shared?.run()
        guard let result else { throw EventLoopError.stopped }
        return try result.get()
    }
}
