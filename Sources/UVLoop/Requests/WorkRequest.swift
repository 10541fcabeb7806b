import CUV

/// A system call, or other work, that libuv has no request for, in its thread pool: the owner of a
/// `uv_work_t`, which is freed in libuv's callback, which always comes.
final class WorkRequest {
    typealias Completion = (Result<Int, UVError>) -> Void

    private let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
    private let loop: EventLoop
    private let work: @Sendable () -> Int
    /// Written by the pool's thread, and not read before that has done: libuv's lock is between.
    private var result = 0
    private let completion: Completion
    private var isOver = false

    private init(
        _ loop: EventLoop, _ work: @escaping @Sendable () -> Int,
        _ completion: @escaping Completion
    ) {
        self.loop = loop
        self.work = work
        self.completion = completion
    }

    deinit {
        request.deallocate()
    }

    /// Begins to work.
    ///
    /// Binds `uv_queue_work`.
    ///
    /// - Parameters:
    ///   - work: called on a thread of the pool; returns a count or, as libuv does, a negative
    ///     error.
    ///   - completion: called once, later, also after ``cancel()``.
    /// - Throws: ``UVError/canceled`` on a closed loop.
    @discardableResult
    static func start(
        _ loop: EventLoop, _ work: @escaping @Sendable () -> Int,
        _ completion: @escaping Completion
    ) throws(UVError) -> WorkRequest {
        guard !loop.core.isClosed else { throw .canceled }
        let work = WorkRequest(loop, work, completion)
        let context = Unmanaged.passRetained(work)
        work.request.pointee.data = context.toOpaque()
        let result = uv_queue_work(
            loop.core.uv, work.request,
            { request in
                Unmanaged<WorkRequest>.fromOpaque(request!.pointee.data)._withUnsafeGuaranteedRef {
                    $0.result = $0.work()
                }
            },
            { request, status in
                Unmanaged<WorkRequest>.fromOpaque(request!.pointee.data).takeRetainedValue()
                    .ended(status)
            })
        if result < 0 {
            context.release()
            throw UVError(rawValue: result)
        }
        return work
    }

    private func ended(_ status: Int32) {
        isOver = true
        let count = status < 0 ? Int(status) : result
        completion(Result { () throws(UVError) in try UVError.check(count) })
        loop.core.drainIfNeeded()
    }

    /// Takes the work back, if no thread has begun with it; it ends with ``UVError/canceled`` then,
    /// and otherwise as if nothing had been said. Binds `uv_cancel`.
    ///
    /// - Returns: whether it was taken back, and has done and will do nothing.
    @discardableResult
    func cancel() -> Bool {
        guard !isOver else { return false }
        return uv_cancel(UnsafeMutableRawPointer(request).assumingMemoryBound(to: uv_req_t.self))
            == 0
    }
}
