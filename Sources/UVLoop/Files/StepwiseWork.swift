import CUV

/// Work of one or more system calls in the thread pool: one way there and back for all of them.
///
/// Sendable without the compiler's check: as ``PoolJob``.
final class StepwiseWork<Value>: PoolJob, @unchecked Sendable {
    /// Looks at the flag between its steps.
    typealias Steps = @Sendable (CancellationFlag) throws(UVError) -> Value
    typealias Completion = (Result<Value, UVError>) -> Void

    private var steps: Steps?
    private var completion: Completion?
    private var result: Result<Value, UVError>?

    init(_ loop: EventLoop, _ steps: @escaping Steps, _ completion: @escaping Completion) {
        self.steps = steps
        self.completion = completion
        super.init(loop)
    }

    /// Begins to work.
    ///
    /// - Parameter completion: called once, later, also after ``cancel()``.
    static func start(
        _ loop: EventLoop, _ steps: @escaping Steps, _ completion: @escaping Completion
    ) throws(UVError) -> StepwiseWork {
        let work = StepwiseWork(loop, steps, completion)
        try work.start()
        return work
    }

    override func perform() {
        guard let steps else { return }
        do throws(UVError) {
            result = .success(try steps(self))
        } catch {
            result = .failure(error)
        }
    }

    override func complete(isTakenBack: Bool) {
        steps = nil
        completion.take()?(isTakenBack ? .failure(.canceled) : result.take().unsafelyUnwrapped)
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
