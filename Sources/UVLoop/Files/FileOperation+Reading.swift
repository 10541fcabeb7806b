import CUV

extension FileOperation where Value == [UInt8] {
    /// The operation of ``File/read(_:at:)``. Binds `uv_fs_read`.
    public static func read(_ file: File, _ count: Int, at position: Int? = nil) -> Self {
        guard count > PoolFile.mostMoved else {
            return Self(.read, file.path, usesPath: false) { loop, completion throws(UVError) in
                try FileReadJob.start(file.core, on: loop, at: position, .array(count, completion))
            }
        }
        return Self(.read, on: file) { descriptor, flag throws(UVError) in
            guard position ?? 0 >= 0 else { throw .invalidArgument }
            let source = PoolFile(descriptor: descriptor, flag: flag)
            return try readArray(upTo: count) { memory throws(UVError) in
                try source.read(into: memory, at: position)
            }
        }
    }
}

extension FileOperation where Value == Int {
    /// The operation of ``File/read(into:at:)-(UnsafeMutableRawBufferPointer,_)``. The memory has
    /// to be there until it has ended. Binds `uv_fs_read`.
    public static func read(
        _ file: File, into memory: UnsafeMutableRawBufferPointer, at position: Int? = nil
    ) -> Self {
        // Sound: whoever lends it leaves it alone until the end.
        nonisolated(unsafe) let memory = memory
        // One system call does it, as long as none is asked for more than it can.
        guard memory.count <= PoolFile.mostMoved else {
            return Self(.read, on: file, isHeld: true) { descriptor, flag throws(UVError) in
                guard position ?? 0 >= 0 else { throw .invalidArgument }
                return try PoolFile(descriptor: descriptor, flag: flag)
                    .read(into: memory, at: position)
            }
        }
        return Self(.read, file.path, usesPath: false, isHeld: true) {
            loop, completion throws(UVError) in
            try FileReadJob.start(file.core, on: loop, at: position, .memory(memory, completion))
        }
    }

    /// The operation of ``File/read(into:at:)-([UnsafeMutableRawBufferPointer],_)``. The memory
    /// has to be there until it has ended. Binds `uv_fs_read`.
    public static func read(
        _ file: File, into pieces: [UnsafeMutableRawBufferPointer], at position: Int? = nil
    ) -> Self {
        // Sound: whoever lends it leaves it alone until the end.
        nonisolated(unsafe) let pieces = pieces
        return Self(.read, on: file, isHeld: true) { uv, request, descriptor, callback in
            guard position ?? 0 >= 0 else { return UV_EINVAL.rawValue }
            return withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: pieces.count) {
                list in
                for (index, piece) in pieces.enumerated() {
                    list.initializeElement(at: index, to: uv_buf_t(UnsafeRawBufferPointer(piece)))
                }
                // libuv takes a copy of the list.
                return uv_fs_read(
                    uv, request, descriptor, list.baseAddress, UInt32(list.count),
                    Int64(position ?? -1), callback)
            }
        } value: { count, _ in
            count
        }
    }
}

/// An array that is filled without having been filled before, and grows no larger than what came.
func readArray(
    upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(UVError) -> Int
) throws(UVError) -> [UInt8] {
    var failure: UVError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        do throws(UVError) {
            let memory = UnsafeMutableRawBufferPointer(buffer)
            filled = try fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
        } catch {
            failure = error
        }
    }
    if let failure { throw failure }
    // Half of it and more must not be kept for nothing.
    return bytes.count > count / 2 ? bytes : bytes[...].withUnsafeBytes { [UInt8]($0) }
}

extension File {
    // MARK: Reading

    /// Reads bytes.
    ///
    /// Binds `uv_fs_read`.
    ///
    /// - Parameters:
    ///   - count: how many at most. Memory for all of them is taken at first.
    ///   - position: where they begin; nil for the file's own position, which moves behind them.
    /// - Returns: fewer than `count`, or none, at the end of the file.
    /// - Throws: ``FileError``, with ``UVError/isDirectory`` for a directory; `CancellationError`.
    public nonisolated(nonsending) func read(
        _ count: Int, at position: Int? = nil
    ) async throws -> [UInt8] {
        try await run(.read(self, count, at: position))
    }

    /// Reads bytes into the caller's memory, which has to be there until this returns: a task that
    /// is cancelled in the middle waits for the pool, too.
    ///
    /// Binds `uv_fs_read`.
    ///
    /// - Parameter position: where they begin; nil for the file's own position.
    /// - Returns: how many bytes came: fewer than there is room for, or 0, at the end of the file.
    public nonisolated(nonsending) func read(
        into memory: UnsafeMutableRawBufferPointer, at position: Int? = nil
    ) async throws -> Int {
        try await run(.read(self, into: memory, at: position))
    }

    /// Reads bytes into several pieces of memory, one filled after the other, by one system call:
    /// at most 1,024 pieces, and 2 GiB.
    ///
    /// Binds `uv_fs_read`.
    ///
    /// - Returns: how many bytes came in all.
    public nonisolated(nonsending) func read(
        into pieces: [UnsafeMutableRawBufferPointer], at position: Int? = nil
    ) async throws -> Int {
        try await run(.read(self, into: pieces, at: position))
    }

    /// The bytes of the file in chunks, from a position to the end: one is read when it is asked
    /// for.
    ///
    /// ```swift
    /// for try await chunk in file.chunks() { hash.update(chunk) }
    /// ```
    ///
    /// - Parameter count: how many bytes each has; the last one may have fewer.
    public func chunks(of count: Int = 65_536, from position: Int = 0) -> FileChunks {
        precondition(count > 0, "chunks of no bytes never end")
        return FileChunks(file: self, count: count, start: position)
    }
}

/// The bytes of a file in chunks; see ``File/chunks(of:from:)``.
public struct FileChunks: AsyncSequence, Sendable {
    let file: File
    let count: Int
    let start: Int

    /// Reads one chunk after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let file: File
        let count: Int
        var position: Int

        /// The next chunk, nil at the end.
        public mutating func next() async throws -> [UInt8]? {
            try await next(isolation: nil)
        }

        /// The next chunk, nil at the end.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> [UInt8]? {
            let chunk = try await file.read(count, at: position)
            position += chunk.count
            return chunk.isEmpty ? nil : chunk
        }
    }

    /// Iterates from the beginning of the part.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(file: file, count: count, position: start)
    }
}
