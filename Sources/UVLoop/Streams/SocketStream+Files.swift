import CUV

extension SocketStream {
    // MARK: Sending files

    /// Sends a file, or a part of it, without its bytes passing through the process.
    ///
    /// ```swift
    /// try await stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
    /// try await stream.sendFile(path, count: size)
    /// ```
    ///
    /// What was sent before goes first, and what is sent later comes after it; until this returns,
    /// the task is the stream's one sender. The file is opened, read and closed in the thread pool,
    /// so a slow disk holds up nobody else. It is sent as far as it reaches when this begins; if it
    /// becomes shorter meanwhile, less is sent, which is no error: compare the count.
    ///
    /// Files that the system cannot send, such as pipes and some of those in `/proc`, and on other
    /// systems than Linux all of them, are read and sent piece by piece instead.
    ///
    /// Stands for `uv_fs_sendfile`. Binds `uv_fs_open`, `uv_fs_fstat`, `uv_queue_work`,
    /// `uv_fs_read`, `uv_fs_close`.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - offset: the first byte; behind the end there are none.
    ///   - count: how many bytes at most; nil for all up to the end.
    ///   - timeout: for all of it; nil for ever.
    /// - Returns: how many bytes were sent: fewer than `count` if the file ends before. They are
    ///   taken as those of a ``send(_:timeout:)-([UInt8],_)`` are.
    /// - Throws: ``UVError`` if the file cannot be opened or read, such as
    ///   ``UVError/noSuchFileOrDirectory`` and ``UVError/isDirectory``;
    ///   ``StreamError/invalidArgument`` for a negative number; ``StreamError/busy``;
    ///   ``StreamError/closed``, also if that comes while this waits; ``StreamError/broken(_:)``;
    ///   ``StreamError/timedOut`` and `CancellationError`: then nobody knows how much was sent, and
    ///   the sending side is done. It also is if the file fails after its first bytes have gone; if
    ///   it fails before, nothing has happened.
    @discardableResult
    public nonisolated(nonsending) func sendFile(
        _ path: String, from offset: Int = 0, count: Int? = nil, timeout: Duration? = nil
    ) async throws -> Int {
        guard isHome() else {
            return try await loop.visit {
                try await self.sendFile(path, from: offset, count: count, timeout: timeout)
            }
        }
        try checkCancellationOfFile()
        // A fresh descriptor is at the beginning, and that of a pipe knows no offset.
        let part = try StreamCore.FilePart(from: offset == 0 ? nil : offset, count: count)
        guard !path.utf8.contains(0) else { throw StreamError.invalidArgument }
        return try await core.sendFile(part, until: Self.deadline(timeout)) { try $0.open(path) }
    }

    /// Sends an open file, or a part of it, without its bytes passing through the process; see
    /// ``sendFile(_:from:count:timeout:)-(String,_,_,_)``.
    ///
    /// The descriptor stays the caller's, and may be closed at any time: this takes a duplicate.
    /// That of a pipe, or of anything else that is neither a regular file nor a device with blocks,
    /// becomes non-blocking.
    ///
    /// - Parameters:
    ///   - descriptor: is open for reading.
    ///   - offset: the first byte; the descriptor's position has no part in it then. Nil for that
    ///     position, which moves behind what was sent, as in reading; if this throws, it is
    ///     anywhere. A pipe has no offsets.
    ///   - count: how many bytes at most; nil for all up to the end.
    ///   - timeout: for all of it; nil for ever.
    /// - Returns: how many bytes were sent: fewer than `count` if the file ends before.
    /// - Throws: as ``sendFile(_:from:count:timeout:)-(String,_,_,_)``.
    @discardableResult
    public nonisolated(nonsending) func sendFile(
        descriptor: Int32, from offset: Int? = nil, count: Int? = nil, timeout: Duration? = nil
    ) async throws -> Int {
        guard isHome() else {
            return try await loop.visit {
                try await self.sendFile(
                    descriptor: descriptor, from: offset, count: count, timeout: timeout)
            }
        }
        try checkCancellationOfFile()
        let part = try StreamCore.FilePart(from: offset, count: count)
        return try await core.sendFile(part, until: Self.deadline(timeout)) {
            try $0.adopt(descriptor)
        }
    }

    /// Sends an open ``File``, or a part of it, without its bytes passing through the process; see
    /// ``sendFile(_:from:count:timeout:)-(String,_,_,_)``. The file may belong to another loop, and
    /// may be closed meanwhile.
    ///
    /// - Parameters:
    ///   - file: is open for reading.
    ///   - offset: the first byte; nil for the file's own position, which moves behind what was
    ///     sent.
    ///   - count: how many bytes at most; nil for all up to the end.
    ///   - timeout: for all of it; nil for ever.
    /// - Returns: how many bytes were sent: fewer than `count` if the file ends before.
    /// - Throws: as that, and ``FileError`` if the file is closed.
    @discardableResult
    public nonisolated(nonsending) func sendFile(
        _ file: File, from offset: Int? = nil, count: Int? = nil, timeout: Duration? = nil
    ) async throws -> Int {
        // The descriptor must not be closed before it has been duplicated.
        let descriptor = try await file.withDescriptor { try UVError.check(cuv_duplicate($0)) }
        defer { cuv_close(descriptor) }
        return try await sendFile(
            descriptor: descriptor, from: offset, count: count, timeout: timeout)
    }

    /// A task that is cancelled already is cut off, too: a moment later is the same to everybody.
    private func checkCancellationOfFile() throws {
        do {
            try checkCancellation()
        } catch {
            if !core.isSending { core.isCutOff = true }
            throw error
        }
    }
}
