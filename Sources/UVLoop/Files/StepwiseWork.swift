import CUV
import Synchronization

/// Something that was asked of the thread pool.
protocol PoolRequest: AnyObject {
    /// Takes it back, if no thread has begun with it.
    ///
    /// - Returns: whether it was taken back, and has done and will do nothing. Its completion is
    ///   called in any case.
    @discardableResult
    func cancel() -> Bool
}

extension FileRequest: PoolRequest {}

/// Says to work on another thread that nobody wants its result any more.
final class CancellationFlag: Sendable {
    private let isSet = Atomic(false)

    func set() { isSet.store(true, ordering: .relaxed) }

    /// - Throws: ``UVError/canceled``.
    func check() throws(UVError) {
        if isSet.load(ordering: .relaxed) { throw .canceled }
    }
}

/// Work of several system calls in the thread pool: one way there and back for all of them.
///
/// Sendable without the compiler's check: `result` is written by the pool's thread and not read
/// before that has done, with libuv's lock between; the rest is touched on the loop's thread.
final class StepwiseWork<Value>: PoolRequest, @unchecked Sendable {
    private let flag = CancellationFlag()
    private var result: Result<Value, UVError>?
    private var request: WorkRequest?

    private init() {}

    /// Begins to work.
    ///
    /// - Parameter completion: called once, later, also after ``cancel()``.
    static func start(
        _ loop: EventLoop,
        _ steps: @escaping @Sendable (CancellationFlag) throws(UVError) -> Value,
        _ completion: @escaping (Result<Value, UVError>) -> Void
    ) throws(UVError) -> StepwiseWork {
        let work = StepwiseWork()
        work.request = try WorkRequest.start(loop) {
            work.result = Result { () throws(UVError) in try steps(work.flag) }
            return 0
        } _: { answer in
            work.request = nil
            completion(
                answer.flatMap { _ in work.result.unsafelyUnwrapped })
        }
        return work
    }

    func cancel() -> Bool {
        flag.set()
        return request?.cancel() ?? false
    }
}

/// Calls one of libuv's functions on files in the calling thread, of the pool, where they may
/// block, and lends the request for what it brought.
func callInPool<R>(
    _ function: (UnsafeMutablePointer<uv_fs_t>) -> Int32,
    _ body: (UnsafeMutablePointer<uv_fs_t>) -> R
) throws(UVError) -> R {
    let result = withUnsafeTemporaryAllocation(of: uv_fs_t.self, capacity: 1) { memory in
        let request = memory.baseAddress.unsafelyUnwrapped
        // What libuv refuses it does not touch.
        memset(request, 0, MemoryLayout<uv_fs_t>.size)
        defer { uv_fs_req_cleanup(request) }
        let result = function(request)
        guard result >= 0 else {
            return Result<R, UVError>.failure(UVError(rawValue: result))
        }
        return .success(body(request))
    }
    return try result.get()
}

/// The same, where only the result counts.
@discardableResult
func callInPool(
    _ function: (UnsafeMutablePointer<uv_fs_t>) -> Int32
) throws(UVError) -> Int {
    try callInPool(function) { $0.pointee.result }
}
