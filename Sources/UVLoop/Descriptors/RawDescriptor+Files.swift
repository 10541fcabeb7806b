import CUV

extension RawDescriptor {
    // MARK: Files

    /// Sends an open file, or a part of it, to a socket or pipe, without its bytes passing through
    /// the process where the system can do that. Stands for `sock_sendfile`.
    ///
    /// The thread pool reads the file, on duplicates of both descriptors, so a slow disk does not
    /// hold up the loop.
    ///
    /// Binds `uv_queue_work`; stands for `uv_fs_sendfile`.
    ///
    /// - Parameters:
    ///   - file: is open for reading, and stays the caller's.
    ///   - offset: the first byte; nil for the file's own position, which moves.
    ///   - count: how many bytes at most; nil for all up to the end.
    ///   - timeout: for all of it; nil for as long as it takes.
    /// - Returns: how many bytes were sent.
    /// - Throws: as all operations, and what the file says, such as ``UVError/isDirectory``. If it
    ///   throws after its beginning, a part may have been sent, and nobody knows how much.
    @discardableResult
    public nonisolated(nonsending) func sendFile(
        _ file: Int32, from offset: Int? = nil, count: Int? = nil, timeout: Duration? = nil
    ) async throws -> Int {
        guard offset ?? 0 >= 0, count ?? 0 >= 0 else { throw UVError.invalidArgument }
        let deadline = SocketStream.deadline(timeout)
        return try await atHome {
            try checkCancellation()
            try loop.core.checkNotOwned(descriptor)
            try UVError.check(cuv_ensure_non_blocking(descriptor))
            let pair = try FilePair(file: file, target: descriptor)
            var (sent, isDirect) = (0, true)
            while sent < count ?? .max {
                let left = min((count ?? .max) - sent, FileSending.mostSent)
                let position = Int64(offset.map { $0 + sent } ?? -1)
                let result =
                    isDirect
                    ? try await sendPiece(pair, left, position, until: deadline)
                    : try await copyPiece(pair, left, position, until: deadline)
                guard let result else {
                    isDirect = false
                    continue
                }
                guard result > 0 else { break }
                sent += result
            }
            return sent
        }
    }

    /// Sends what the socket takes; 0 at the end of the file, nil if the system cannot send this
    /// file to this.
    private nonisolated(nonsending) func sendPiece(
        _ pair: FilePair, _ count: Int, _ offset: Int64, until deadline: EventLoop.Instant?
    ) async throws -> Int? {
        while true {
            let result = try await loop.inPool(until: deadline) {
                cuv_send_file(pair.target, pair.file, offset, count)
            }
            switch result {
            case Int(UV_EAGAIN.rawValue):
                _ = try await loop.wait(for: .writable, of: descriptor, until: deadline)
            case Int(UV_EINVAL.rawValue), Int(UV_ENOSYS.rawValue), Int(UV_ESPIPE.rawValue),
                Int(UV_EOVERFLOW.rawValue), Int(UV_ENOTSUP.rawValue), Int(UV_EIO.rawValue):
                // Not every file can be sent. Reading it either can be done, or says what is wrong.
                return nil
            default: return try UVError.check(result)
            }
        }
    }

    /// Reads a piece and sends it; 0 at the end of the file.
    private nonisolated(nonsending) func copyPiece(
        _ pair: FilePair, _ count: Int, _ offset: Int64, until deadline: EventLoop.Instant?
    ) async throws -> Int {
        let memory = PoolMemory(min(count, FileSending.mostRead))
        let found = try await loop.inPool(until: deadline) {
            cuv_read_at(pair.file, memory.bytes.baseAddress, memory.bytes.count, offset)
        }
        var sent = 0
        while sent < found {
            let start = sent
            sent += try await retrying(.writable, until: deadline) {
                cuv_send(descriptor, memory.bytes.baseAddress! + start, found - start)
            }
        }
        return try UVError.check(found)
    }
}

/// Duplicates of a file and of where it goes, closed when the pool, too, has done with them.
private final class FilePair: Sendable {
    let file: Int32
    let target: Int32

    init(file: Int32, target: Int32) throws(UVError) {
        let copy = try UVError.check(cuv_duplicate(file))
        do throws(UVError) {
            self.target = try UVError.check(cuv_duplicate(target))
        } catch {
            cuv_close(copy)
            throw error
        }
        self.file = copy
    }

    deinit {
        cuv_close(file)
        cuv_close(target)
    }
}

/// Memory that the pool fills. Sendable without the compiler's check: it is read by the loop's
/// thread only after the pool has said that it is done.
private final class PoolMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ count: Int) { bytes = .allocate(byteCount: count, alignment: 16) }
    deinit { bytes.deallocate() }
}

extension EventLoop {
    /// Lets the thread pool do something that nobody minds if it is finished after the task has
    /// been cancelled. On the loop's thread.
    fileprivate nonisolated(nonsending) func inPool(
        until deadline: Instant?, _ work: @escaping @Sendable () -> Int
    ) async throws -> Int {
        let room = WaitingRoom()
        var answer: Result<Int, UVError>?
        let request: WorkRequest
        do throws(UVError) {
            request = try WorkRequest.start(self, work) { [self] result in
                answer = result
                room.wake(core)
            }
        } catch {
            throw EventLoopError.closed
        }
        while true {
            let outcome = await room.wait(on: self, until: deadline)
            switch answer {
            case .success(let result): return result
            case .failure(let error): return Int(error.rawValue)
            case nil: break
            }
            guard outcome != .woken else { continue }
            request.cancel()
            if outcome == .timedOut { throw EventLoopError.timedOut }
            throw CancellationError()
        }
    }
}
