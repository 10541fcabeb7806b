import CUV

extension FileOperation where Value == Void {
    /// The operation of ``File/write(_:at:)-(_,_)``. Binds `uv_fs_write`.
    public static func write(
        _ file: File, _ bytes: some ByteContainer & Sendable, at position: Int? = nil
    ) -> Self {
        Self(.write, on: file) { descriptor, flag throws(UVError) in
            guard position ?? 0 >= 0 else { throw .invalidArgument }
            let target = PoolFile(descriptor: descriptor, flag: flag)
            let result = bytes.withUnsafeBytes { bytes in
                Result { () throws(UVError) in try target.write(bytes, at: position) }
            }
            try result.get()
        }
    }

    /// The operation of ``File/write(_:at:)-([UnsafeRawBufferPointer],_)``. The memory has to stay
    /// as it is until it has ended. Binds `uv_fs_write`.
    public static func write(
        _ file: File, _ pieces: [UnsafeRawBufferPointer], at position: Int? = nil
    ) -> Self {
        // Sound: whoever lends it leaves it as it is until the end.
        nonisolated(unsafe) let pieces = pieces
        return Self(.write, on: file, isHeld: true) { descriptor, flag throws(UVError) in
            guard position ?? 0 >= 0 else { throw .invalidArgument }
            try PoolFile(descriptor: descriptor, flag: flag).write(pieces, at: position)
        }
    }
}

extension FileOperation where Value == Int {
    /// The operation of ``File/send(from:count:to:)``. Binds `uv_fs_sendfile`.
    public static func send(
        _ file: File, from position: Int, count: Int, to target: File
    ) -> Self {
        Self(.send, file.path, to: target.path) { loop, completion throws(UVError) in
            guard position >= 0, count >= 0 else { throw .invalidArgument }
            let (core, targetCore) = (file.core, target.core)
            try core.use(on: loop)
            do throws(UVError) {
                try targetCore.use(on: loop)
            } catch {
                core.endUse()
                throw error
            }
            let (source, descriptor) = (core.descriptor, targetCore.descriptor)
            do throws(UVError) {
                return try StepwiseWork.start(loop) { flag throws(UVError) in
                    try sendAll(source, position, count, to: descriptor, flag)
                } _: { result in
                    core.endUse()
                    targetCore.endUse()
                    completion(result)
                }
            } catch {
                core.endUse()
                targetCore.endUse()
                throw error
            }
        }
    }

    private static func sendAll(
        _ source: Int32, _ position: Int, _ count: Int, to target: Int32, _ flag: CancellationFlag
    ) throws(UVError) -> Int {
        var sent = 0
        while sent < count {
            try flag.check()
            let piece = try callInPool {
                uv_fs_sendfile(
                    nil, $0, target, source, Int64(position + sent),
                    min(PoolFile.mostMoved, count - sent), nil)
            }
            if piece == 0 { break }
            sent += piece
        }
        return sent
    }
}

extension File {
    // MARK: Writing

    /// Writes all the bytes.
    ///
    /// Binds `uv_fs_write`.
    ///
    /// - Parameters:
    ///   - bytes: kept, not copied, until they are written.
    ///   - position: where they begin; nil for the file's own position, which moves behind them.
    ///     What is between the end of the file and the position becomes zeros.
    /// - Throws: ``FileError``, such as with ``UVError/noSpace``; `CancellationError`. A part may
    ///   have been written in either case.
    public nonisolated(nonsending) func write(
        _ bytes: some ByteContainer & Sendable, at position: Int? = nil
    ) async throws {
        try await run(.write(self, bytes, at: position))
    }

    /// Writes all the bytes of the caller's memory, which has to stay as it is until this returns:
    /// a task that is cancelled in the middle waits for the pool, too.
    ///
    /// Binds `uv_fs_write`.
    public nonisolated(nonsending) func write(
        _ memory: UnsafeRawBufferPointer, at position: Int? = nil
    ) async throws {
        try await run(.write(self, [memory], at: position))
    }

    /// Writes all the bytes of several pieces of the caller's memory, one after the other, by one
    /// system call for 1,024 of them; see ``write(_:at:)-(UnsafeRawBufferPointer,_)``.
    ///
    /// Binds `uv_fs_write`.
    public nonisolated(nonsending) func write(
        _ pieces: [UnsafeRawBufferPointer], at position: Int? = nil
    ) async throws {
        try await run(.write(self, pieces, at: position))
    }

    /// Copies a part of this file to another, at that one's own position, without the bytes passing
    /// through the process. For sockets there is
    /// ``SocketStream/sendFile(_:from:count:timeout:)-(File,_,_,_)``.
    ///
    /// Binds `uv_fs_sendfile`.
    ///
    /// - Returns: how many bytes: fewer than `count` if this file ends before.
    @discardableResult
    public nonisolated(nonsending) func send(
        from position: Int = 0, count: Int, to target: File
    ) async throws -> Int {
        try await run(.send(self, from: position, count: count, to: target))
    }
}
