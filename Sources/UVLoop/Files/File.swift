import CUV

/// An open file: reads and writes with `await`, from any task, in libuv's thread pool.
///
/// ```swift
/// let file = try await loop.files.open("table", [.read, .write])
/// let header = try await file.read(16, at: 0)
/// try await file.write("changed", at: 4_096)
/// try await file.close()
/// ```
///
/// Made by ``FileSystem/open(_:_:permissions:file:line:)``. On the loop's thread a call runs
/// directly, elsewhere it hops there once.
///
/// **Positions** are counted in bytes. With a position, a read or write is independent of all
/// others, and any number may be under way. Without one it begins where the file's own position is,
/// and moves that: one after the other, then.
///
/// **Counts.** A read brings fewer bytes than asked for only at the end of the file, or none if it
/// begins there; from a pipe, a terminal or alike it brings what is there. A write writes all, or
/// throws.
///
/// **Ends.** ``close()`` waits for operations that are under way. A file that nobody refers to any
/// more is closed, in the pool; in debug mode that is reported. A loop that closes does not close
/// files: their operations fail then, and the descriptor goes with the object.
///
/// **Errors and cancellation**: as for ``FileSystem``. On a closed file,
/// ``UVError/badFileDescriptor``.
public final class File: Sendable {
    /// The loop that the file belongs to.
    public let loop: EventLoop
    /// The path that it was opened by.
    public let path: String
    // Sound: used on the loop's thread only, or when there is no loop any more.
    nonisolated(unsafe) let core: FileCore

    init(_ core: FileCore) {
        loop = core.loop
        path = core.path
        self.core = core
    }

    deinit {
        PoolResource.leave(core)
    }

    nonisolated(nonsending) func run<Value>(
        _ operation: FileOperation<Value>
    ) async throws -> Value {
        try await loop.files.run(operation)
    }

    /// Closes the file, after the operations that are under way; none can begin any more.
    /// Idempotent. It closes in a cancelled task, too.
    ///
    /// Binds `uv_fs_close`.
    ///
    /// - Throws: ``FileError`` if the system says only now that something could not be written; the
    ///   file is closed all the same. `CancellationError`: it is about to be closed.
    public nonisolated(nonsending) func close() async throws {
        guard loop.isHome() else { return try await loop.visit { try await self.close() } }
        try await FileOperation.close(self).value(on: loop)
    }

    /// Lends the descriptor, on the loop's thread: for system calls that libuv does not have.
    /// It is open during the call only.
    public nonisolated(nonsending) func withDescriptor<R: Sendable>(
        _ body: @Sendable (Int32) throws -> R
    ) async throws -> R {
        try await lendDescriptor(on: loop, body)
    }

    private func lendDescriptor<R: Sendable>(
        on loop: isolated EventLoop, _ body: @Sendable (Int32) throws -> R
    ) throws -> R {
        guard !core.isClosed else { throw FileError(.open, path, .badFileDescriptor) }
        return try body(core.descriptor)
    }
}

/// The descriptor of a file. Belongs to the loop's thread.
final class FileCore: PoolResource {
    let descriptor: Int32

    init(_ loop: EventLoop, _ path: String, _ descriptor: Int32, openedAt place: SourcePlace?) {
        self.descriptor = descriptor
        super.init(loop, path, openedAt: place)
    }

    override func startClosing(
        _ completion: @escaping FileRequest.Completion
    ) throws(UVError) {
        let descriptor = descriptor
        try FileRequest.start(loop, { uv_fs_close($0, $1, descriptor, $2) }, completion)
    }

    override func closeNow() { cuv_close(descriptor) }
}

extension FileOperation {
    /// One of libuv's functions on an open file: libuv's loop, the request, the descriptor.
    init(
        _ name: FileError.Operation, on file: File, isHeld: Bool = false,
        call:
            @escaping @Sendable (
                UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<uv_fs_t>, Int32, uv_fs_cb
            ) -> Int32,
        value: @escaping @Sendable (Int, UnsafeMutablePointer<uv_fs_t>) -> Value
    ) {
        self.init(name, on: file, isHeld: isHeld) { descriptor, completion throws(UVError) in
            try FileRequest.start(file.loop) {
                call($0, $1, descriptor, $2)
            } _: { result, request in
                completion(result.map { value($0, request) })
            }
        }
    }

    /// Several system calls on an open file.
    init(
        _ name: FileError.Operation, on file: File, isHeld: Bool = false,
        steps: @escaping @Sendable (Int32, CancellationFlag) throws(UVError) -> Value
    ) {
        self.init(name, on: file, isHeld: isHeld) { descriptor, completion throws(UVError) in
            try StepwiseWork.start(
                file.loop, { flag throws(UVError) in try steps(descriptor, flag) }, completion)
        }
    }

    /// Something on an open file, which stays open meanwhile.
    private init(
        _ name: FileError.Operation, on file: File, isHeld: Bool,
        begin: @escaping @Sendable (Int32, @escaping Completion) throws(UVError) -> any PoolRequest
    ) {
        self.init(name, file.path, usesPath: false, isHeld: isHeld) {
            loop, completion throws(UVError) in
            let core = file.core
            try core.use(on: loop)
            do throws(UVError) {
                return try begin(core.descriptor) { result in
                    core.endUse()
                    completion(result)
                }
            } catch {
                core.endUse()
                throw error
            }
        }
    }
}

extension FileOperation where Value == Void {
    /// The operation of ``File/close()``. Binds `uv_fs_close`.
    public static func close(_ file: File) -> Self {
        Self(.close, file.path) { loop, completion throws(UVError) in
            guard loop === file.loop else { throw .invalidArgument }
            file.core.close(completion)
            return ClosingFile()
        }
    }
}

/// A file that is being closed, which nobody can take back.
private final class ClosingFile: PoolRequest {
    func cancel() -> Bool { false }
}
