import CUV

/// An open file in a thread of the pool: system calls one after the other. The descriptor is
/// somebody else's.
struct PoolFile {
    /// The most that one system call moves: after each, the work can be taken back.
    static let mostMoved = 1 << 20

    let descriptor: Int32
    let flag: CancellationFlag

    /// Reads by one system call. Returns how many bytes came.
    ///
    /// Binds `uv_fs_read`.
    static func readOnce(
        _ descriptor: Int32, into memory: UnsafeMutableRawBufferPointer, at position: Int?
    ) throws(UVError) -> Int {
        var buffer = uv_buf_t(UnsafeRawBufferPointer(memory))
        return try callInPool {
            uv_fs_read(nil, $0, descriptor, &buffer, 1, offset(position, 0), nil)
        }
    }

    /// Reads until the memory is full or the file ends; from a pipe or alike, once. Returns how
    /// many bytes came.
    ///
    /// Binds `uv_fs_read`.
    func read(
        into memory: UnsafeMutableRawBufferPointer, at position: Int?
    ) throws(UVError) -> Int {
        var filled = 0
        while filled < memory.count {
            try flag.check()
            let wanted = min(Self.mostMoved, memory.count - filled)
            var buffer = uv_buf_t(
                UnsafeRawBufferPointer(rebasing: memory[filled..<filled + wanted]))
            let count = try callInPool {
                uv_fs_read(
                    nil, $0, descriptor, &buffer, 1, Self.offset(position, filled), nil)
            }
            filled += count
            if count < wanted { break }
        }
        return filled
    }

    /// Writes all.
    ///
    /// Binds `uv_fs_write`.
    func write(_ bytes: UnsafeRawBufferPointer, at position: Int?) throws(UVError) {
        var written = 0
        while written < bytes.count {
            try flag.check()
            let wanted = min(Self.mostMoved, bytes.count - written)
            var buffer = uv_buf_t(
                UnsafeRawBufferPointer(rebasing: bytes[written..<written + wanted]))
            let count = try callInPool {
                uv_fs_write(
                    nil, $0, descriptor, &buffer, 1, Self.offset(position, written), nil)
            }
            // Nothing taken, and no reason given.
            guard count > 0 else { throw .ioError }
            written += count
        }
    }

    /// The same for a list of pieces, with as few system calls as it can be done.
    ///
    /// Binds `uv_fs_write`.
    func write(_ pieces: [UnsafeRawBufferPointer], at position: Int?) throws(UVError) {
        var rest = pieces.filter { !$0.isEmpty }[...]
        var written = 0
        while !rest.isEmpty {
            try flag.check()
            var count = try callInPool { request in
                withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: rest.count) { list in
                    for (index, piece) in rest.enumerated() {
                        list.initializeElement(at: index, to: uv_buf_t(piece))
                    }
                    return uv_fs_write(
                        nil, request, descriptor, list.baseAddress, UInt32(list.count),
                        Self.offset(position, written), nil)
                }
            }
            guard count > 0 else { throw .ioError }
            written += count
            while let piece = rest.first, count > 0 {
                if piece.count <= count {
                    rest.removeFirst()
                } else {
                    rest[rest.startIndex] = UnsafeRawBufferPointer(rebasing: piece[count...])
                }
                count -= min(count, piece.count)
            }
        }
    }

    /// -1 stands for the file's own position.
    private static func offset(_ position: Int?, _ done: Int) -> Int64 {
        position.map { Int64($0 + done) } ?? -1
    }
}
