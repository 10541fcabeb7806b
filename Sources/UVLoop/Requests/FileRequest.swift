import CUV

/// One operation on a file, in libuv's thread pool, so that a slow disk does not hold up the loop:
/// the owner of a `uv_fs_t`, which is freed in libuv's callback, which always comes.
final class FileRequest: PoolRequest {
    /// Hears of the end, once: with libuv's result, which is a count or a descriptor, and with the
    /// request for what else it brought, such as `statbuf`, as long as the call lasts.
    typealias Completion = (Result<Int, UVError>, UnsafeMutablePointer<uv_fs_t>) -> Void
    /// One of the functions `uv_fs_…`, with its arguments.
    typealias Operation = (
        UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<uv_fs_t>, uv_fs_cb
    ) -> Int32

    private let request = UnsafeMutablePointer<uv_fs_t>.allocate(capacity: 1)
    private let loop: EventLoop
    private let completion: Completion
    private var isOver = false

    private init(_ loop: EventLoop, _ completion: @escaping Completion) {
        self.loop = loop
        self.completion = completion
    }

    deinit {
        request.deallocate()
    }

    /// Begins an operation. What it works on, such as memory and descriptors, has to stay until
    /// `completion` is called, which is the best place to keep it.
    ///
    /// - Parameter completion: called once, later, also after ``cancel()``.
    /// - Throws: what libuv refuses at once; ``UVError/canceled`` on a closed loop.
    @discardableResult
    static func start(
        _ loop: EventLoop, _ operation: Operation, _ completion: @escaping Completion
    ) throws(UVError) -> FileRequest {
        guard !loop.core.isClosed else { throw .canceled }
        let file = FileRequest(loop, completion)
        let context = Unmanaged.passRetained(file)
        file.request.pointee.data = context.toOpaque()
        let result = operation(loop.core.uv, file.request) { request in
            Unmanaged<FileRequest>.fromOpaque(request!.pointee.data).takeRetainedValue().ended()
        }
        if result < 0 {
            context.release()
            throw UVError(rawValue: result)
        }
        return file
    }

    private func ended() {
        isOver = true
        let count = request.pointee.result
        completion(Result { () throws(UVError) in try UVError.check(count) }, request)
        uv_fs_req_cleanup(request)
        loop.core.drainIfNeeded()
    }

    /// Takes the operation back, if no thread has begun with it; it ends with
    /// ``UVError/canceled`` then, and otherwise as if nothing had been said. Binds `uv_cancel`.
    ///
    /// - Returns: whether it was taken back, and has done and will do nothing.
    @discardableResult
    func cancel() -> Bool {
        guard !isOver else { return false }
        return uv_cancel(UnsafeMutableRawPointer(request).assumingMemoryBound(to: uv_req_t.self))
            == 0
    }
}
