import CUV

extension SystemInfo {
    /// Bytes of the system's generator of random numbers, good enough for keys; may wait, early
    /// after the machine's start, until it has enough to go on. Binds `uv_random`.
    ///
    /// - Throws: ``UVError/argumentListTooLong`` from 2 GiB on; ``UVError/invalidArgument`` for a
    ///   negative count.
    public static func randomBytes(_ count: Int) throws(UVError) -> [UInt8] {
        guard count >= 0 else { throw .invalidArgument }
        var result: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            result = uv_random(nil, nil, buffer.baseAddress, count, 0, nil)
            filled = result < 0 ? 0 : count
        }
        try UVError.check(result)
        return bytes
    }
}

/// Random bytes, made in libuv's thread pool.
typealias RandomRequest = PoolQuestion<uv_random_t, [UInt8]>

extension EventLoop {
    /// Random bytes as ``SystemInfo/randomBytes(_:)`` gives them, made in libuv's thread pool, from
    /// any task: for many, or where the system may have to wait for them. Binds `uv_random`.
    ///
    /// - Throws: ``UVError``, with ``UVError/canceled`` if the loop is closed, also meanwhile;
    ///   `CancellationError`.
    public nonisolated(nonsending) func randomBytes(_ count: Int) async throws -> [UInt8] {
        guard isHome() else {
            return try await visit { try await self.randomBytes(count) }
        }
        try Task.checkCancellation()
        guard core.takesCalls else { throw UVError.canceled }
        return try await PoolAnswer<uv_random_t, [UInt8]>().wait(on: self) { done throws(UVError) in
            try self.startRandom(count, done)
        }
    }

    /// Begins to make random bytes: for callbacks, which cannot wait; see ``randomBytes(_:)``.
    ///
    /// - Parameter completion: called once, later, on the loop's thread; with ``UVError/canceled``
    ///   if the loop closes before.
    /// - Throws: what libuv refuses at once; ``UVError/canceled`` on a closed loop.
    public nonisolated func randomBytes(
        _ count: Int, completion: @escaping (Result<[UInt8], UVError>) throws -> Void
    ) throws(UVError) {
        preconditionOnThread("randomBytes")
        _ = try startRandom(count) { [self] answer in
            core.guarded(.randomCompletion) { try completion(answer) }
        }
    }

    private nonisolated func startRandom(
        _ count: Int, _ completion: @escaping RandomRequest.Completion
    ) throws(UVError) -> RandomRequest {
        guard count >= 0 else { throw .invalidArgument }
        guard count <= Int32.max else { throw .argumentListTooLong }
        // Freed in libuv's callback: the thread may write to it after everybody has left.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 1)
        do throws(UVError) {
            return try RandomRequest.start(self) { uv, request in
                uv_random(uv, request, memory, count, 0) { request, status, memory, count in
                    let answer = Result { () throws(UVError) in
                        try UVError.check(status)
                        return [UInt8](UnsafeRawBufferPointer(start: memory, count: count))
                    }
                    memory!.deallocate()
                    RandomRequest.ended(request!.pointee.data, answer)
                }
            } _: {
                completion($0)
            }
        } catch {
            memory.deallocate()
            throw error
        }
    }
}
