import CUV

/// One vectored write that libuv has taken: the request, and the chunks that it sends.
///
/// Freed, with its chunks, in libuv's write callback, which always comes.
final class WriteRequest {
    private let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    private let chunks: [OutboundChunk]
    private let transport: Transport
    private let byteCount: Int

    private init(_ chunks: [OutboundChunk], _ transport: Transport) {
        self.chunks = chunks
        self.transport = transport
        byteCount = chunks.reduce(0) { $0 + $1.bytes.count }
    }

    deinit {
        for chunk in chunks { chunk.free() }
        request.deallocate()
    }

    /// Hands the chunks to libuv, which sends what it can at once and the rest when the socket can
    /// take more. ``Transport/writeEnded(_:byteCount:)`` follows.
    ///
    /// Binds `uv_write`.
    static func start(_ chunks: [OutboundChunk], on transport: Transport) -> Int32 {
        let write = WriteRequest(chunks, transport)
        let context = Unmanaged.passRetained(write)
        write.request.pointee.data = context.toOpaque()
        let result = withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: chunks.count) {
            list in
            for (index, chunk) in chunks.enumerated() {
                list.initializeElement(at: index, to: uv_buf_t(chunk.bytes))
            }
            return uv_write(
                write.request, transport.stream, list.baseAddress, UInt32(list.count)
            ) { request, status in
                let write = Unmanaged<WriteRequest>.fromOpaque(request!.pointee.data)
                    .takeRetainedValue()
                write.transport.writeEnded(status, byteCount: write.byteCount)
            }
        }
        if result < 0 { context.release() }
        return result
    }
}

extension uv_buf_t {
    /// libuv's view of bytes that it only reads, though its type says otherwise.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        let address = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        self.init(base: address?.assumingMemoryBound(to: CChar.self), len: bytes.count)
    }
}
