import CUV

/// One operation on files, before it is begun: what it is about, how it is asked of libuv's thread
/// pool, and what comes of it.
///
/// Each is made by a static function, and begun in either of two ways:
///
/// ```swift
/// loop.files.start(.stat("notes.txt")) { result in print(try result.get().size) }
/// let size = try await loop.files.run(.stat("notes.txt")).size
/// ```
///
/// For the second there is a method of the same name, ``FileSystem/stat(_:)``.
public struct FileOperation<Value: Sendable>: Sendable {
    typealias Completion = (Result<Value, UVError>) -> Void
    typealias Begin =
        @Sendable (EventLoop, @escaping Completion) throws(UVError) -> any PoolRequest

    let name: FileError.Operation
    let path: String
    let otherPath: String?
    /// Whether it is on paths, as against an open file.
    let usesPath: Bool
    /// Whether it uses memory of the caller's, who must not go on before it has ended.
    let isHeld: Bool
    /// Asks the pool. Called on the loop's thread.
    let begin: Begin
    /// Gives back what nobody waits for any more, such as a file that was opened.
    let discard: (@Sendable (Value) -> Void)?

    init(
        _ name: FileError.Operation, _ path: String, to otherPath: String? = nil,
        usesPath: Bool = true, isHeld: Bool = false,
        discard: (@Sendable (Value) -> Void)? = nil, begin: @escaping Begin
    ) {
        self.name = name
        self.path = path
        self.otherPath = otherPath
        self.usesPath = usesPath
        self.isHeld = isHeld
        self.discard = discard
        self.begin = begin
    }

    /// One of libuv's functions on paths.
    ///
    /// - Parameters:
    ///   - call: `uv_fs_…` with its arguments.
    ///   - value: what comes of it: from its result, which is not negative, and the request.
    init(
        _ name: FileError.Operation, _ path: String, to otherPath: String? = nil,
        discard: (@Sendable (Value) -> Void)? = nil,
        call:
            @escaping @Sendable (
                UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<uv_fs_t>, uv_fs_cb
            ) -> Int32,
        value:
            @escaping @Sendable (EventLoop, Int, UnsafeMutablePointer<uv_fs_t>) -> Value
    ) {
        self.init(name, path, to: otherPath, discard: discard) {
            loop, completion throws(UVError) in
            try FileRequest.start(loop, call) { result, request in
                completion(result.map { value(loop, $0, request) })
            }
        }
    }

    /// Several system calls in one, on a thread of the pool.
    ///
    /// - Parameter work: looks at the flag between its steps.
    init(
        _ name: FileError.Operation, _ path: String, to otherPath: String? = nil,
        steps work: @escaping @Sendable (CancellationFlag) throws(UVError) -> Value
    ) {
        self.init(name, path, to: otherPath) { loop, completion throws(UVError) in
            try StepwiseWork.start(loop, work, completion)
        }
    }

    func error(_ code: UVError) -> FileError { FileError(name, path, to: otherPath, code) }

    /// Begins, unless a path cannot be one: C would take it to end at the zero.
    func start(
        on loop: EventLoop, _ completion: @escaping Completion
    ) throws(UVError) -> any PoolRequest {
        if usesPath {
            guard !path.utf8.contains(0), otherPath?.utf8.contains(0) != true else {
                throw .invalidArgument
            }
        }
        return try begin(loop, completion)
    }
}

extension FileOperation where Value == Void {
    /// One of libuv's functions from which nothing comes but whether it failed.
    init(
        _ name: FileError.Operation, _ path: String, to otherPath: String? = nil,
        call:
            @escaping @Sendable (
                UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<uv_fs_t>, uv_fs_cb
            ) -> Int32
    ) {
        self.init(name, path, to: otherPath, call: call) { _, _, _ in }
    }
}
