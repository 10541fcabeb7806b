import CUV

/// What a loop that closes tells that nobody waits any longer.
protocol PendingRequest: AnyObject {
    func loopIsClosing()
}

/// A question to libuv's thread pool whose answer is a value, such as a look-up: the owner of the C
/// request, which is freed in libuv's callback, which always comes.
///
/// Unlike work and operations on files, nobody needs to know when the thread has done with it: who
/// cancels, and a loop that closes, do not wait for a name server.
final class PoolQuestion<Request, Answer>: PendingRequest {
    typealias Completion = (Result<Answer, UVError>) -> Void

    /// The C request; stays where it is.
    let memory = UnsafeMutablePointer<Request>.allocate(capacity: 1)
    private let loop: EventLoop
    private var completion: Completion?

    private init(_ loop: EventLoop, _ completion: @escaping Completion) {
        self.loop = loop
        self.completion = completion
    }

    deinit {
        memory.deallocate()
    }

    private var request: UnsafeMutablePointer<uv_req_t> {
        UnsafeMutableRawPointer(memory).assumingMemoryBound(to: uv_req_t.self)
    }

    /// Begins.
    ///
    /// - Parameters:
    ///   - begin: hands the request to libuv, with a callback that calls ``ended(_:_:)``.
    ///   - completion: called once, later, unless the request is cancelled; with
    ///     ``UVError/canceled`` when the loop closes.
    /// - Throws: ``UVError/canceled`` if the loop is closed; what libuv says.
    static func start(
        _ loop: EventLoop,
        _ begin: (UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<Request>) -> Int32,
        _ completion: @escaping Completion
    ) throws(UVError) -> PoolQuestion {
        guard loop.core.acceptsHandles else { throw .canceled }
        let owner = PoolQuestion(loop, completion)
        let context = Unmanaged.passRetained(owner)
        uv_req_set_data(owner.request, context.toOpaque())
        let result = begin(loop.core.uv, owner.memory)
        if result < 0 {
            context.release()
            throw UVError(rawValue: result)
        }
        loop.core.pendingRequests[ObjectIdentifier(owner)] = owner
        return owner
    }

    /// Called by libuv's callback, with the `data` of the request and what it has brought.
    static func ended(_ data: UnsafeMutableRawPointer, _ answer: Result<Answer, UVError>) {
        let owner = Unmanaged<PoolQuestion>.fromOpaque(data).takeRetainedValue()
        owner.finish(answer)
        owner.loop.core.drainIfNeeded()
    }

    private func finish(_ answer: Result<Answer, UVError>) {
        guard let completion = completion.take() else { return }
        loop.core.pendingRequests[ObjectIdentifier(self)] = nil
        completion(answer)
    }

    /// Lets the answer go unheard. What a thread has begun with goes on there, unnoticed.
    /// Binds `uv_cancel`.
    func cancel() {
        guard completion.take() != nil else { return }
        loop.core.pendingRequests[ObjectIdentifier(self)] = nil
        _ = uv_cancel(request)
    }

    func loopIsClosing() {
        guard completion != nil else { return }
        _ = uv_cancel(request)
        finish(.failure(.canceled))
    }
}

/// What a request leaves for the task that waits for it; belongs to the loop's thread.
final class PoolAnswer<Request, Answer> {
    private let room = WaitingRoom()
    private var result: Result<Answer, UVError>?

    /// Begins, and suspends the calling task, which runs on the loop, until the answer is there.
    ///
    /// - Throws: ``UVError``; `CancellationError` if the task is cancelled first.
    nonisolated(nonsending) func wait(
        on loop: EventLoop,
        begin: (@escaping PoolQuestion<Request, Answer>.Completion) throws(UVError)
            -> PoolQuestion<Request, Answer>
    ) async throws -> Answer {
        let request = try begin { [self] in
            result = $0
            room.wake(loop.core)
        }
        guard await room.wait(on: loop) == .woken else {
            request.cancel()
            throw CancellationError()
        }
        return try result!.get()
    }
}
