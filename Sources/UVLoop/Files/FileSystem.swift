import CUV

extension EventLoop {
    /// Files and directories, all in libuv's thread pool: a slow disk holds up nothing else.
    public nonisolated var files: FileSystem { FileSystem(loop: self) }
}

/// Files and directories, for tasks and for callbacks: see ``EventLoop/files``.
///
/// ```swift
/// let text = try await loop.files.readText("settings.txt")
/// ```
///
/// **Tasks** await its methods from anywhere; off the loop's thread they hop there once.
/// **Callbacks** begin the same operations by ``start(_:_:)``.
///
/// **Threads.** Every operation runs on one of the threads of libuv's pool (four, or as many as
/// the environment's `UV_THREADPOOL_SIZE` says), which it shares with look-ups of names; more wait
/// in a queue. Operations that are begun together end in any order.
///
/// **Paths** are taken as the system takes them, relative to the working directory, in UTF-8. A
/// zero in one is ``UVError/invalidArgument``.
///
/// **Errors.** ``FileError`` names the operation and the path. On a closed loop its code is
/// ``UVError/canceled``.
///
/// **Cancellation.** What no thread has begun with is taken back, and does nothing. What has begun
/// runs to its end, and its result is given back: a file that was opened is closed, a change has
/// happened. In either case the task goes on at once, with `CancellationError`; only an operation
/// on memory that the caller lends lasts until the pool has done with it.
public struct FileSystem: Sendable {
    /// The loop on which operations begin and end.
    public let loop: EventLoop

    init(loop: EventLoop) { self.loop = loop }

    // Specialized for what is done most: other modules call the form for all types, which looks up
    // what it needs of a type each time.

    /// Begins an operation. On the loop's thread only.
    ///
    /// - Parameter completion: called once, later, on the loop's thread, also if the operation is
    ///   taken back: with ``UVError/canceled`` then. If it throws, the loop's exception handler
    ///   gets the error.
    /// - Returns: the operation under way, to take it back; it needs not be kept.
    /// - Throws: what is refused at once; `completion` is not called then.
    @_specialize(where Value == Int)
    @_specialize(where Value == [UInt8])
    @discardableResult
    public func start<Value>(
        _ operation: FileOperation<Value>,
        _ completion: @escaping (Result<Value, FileError>) throws -> Void
    ) throws(FileError) -> PendingFileOperation {
        loop.preconditionOnThread("FileSystem.start")
        let loop = loop
        do throws(UVError) {
            return PendingFileOperation(
                try operation.start(on: loop) { result in
                    loop.core.guarded(.fileCompletion) {
                        try completion(result.mapError(operation.error))
                    }
                })
        } catch {
            throw operation.error(error)
        }
    }

    /// Runs an operation and returns what comes of it: what the methods for tasks do.
    ///
    /// - Throws: ``FileError``; `CancellationError`.
    public nonisolated(nonsending) func run<Value>(
        _ operation: FileOperation<Value>
    ) async throws -> Value {
        guard loop.isHome() else {
            return try await loop.visit { try await self.run(operation) }
        }
        try checkCancellation()
        return try await operation.value(on: loop)
    }
}

/// An operation on files that ``FileSystem/start(_:_:)`` has begun. Belongs to the loop's thread.
public struct PendingFileOperation {
    private let request: any PoolRequest

    init(_ request: any PoolRequest) { self.request = request }

    /// Takes the operation back, if no thread has begun with it: it does nothing then, and its
    /// completion hears ``UVError/canceled``. Otherwise it goes on, but one of several steps, such
    /// as ``FileSystem/read(_:limit:)``, ends after the step that it is in. Binds `uv_cancel`.
    ///
    /// - Returns: whether it was taken back, and has done and will do nothing.
    @discardableResult
    public func cancel() -> Bool { request.cancel() }
}
