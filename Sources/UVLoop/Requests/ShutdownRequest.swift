import CUV

/// The shutdown of a stream's writing side; freed in libuv's callback, which always comes.
enum ShutdownRequest {
    /// Sends the end of file after all that is queued; ``Transport/shutDownEnded(_:)`` follows.
    ///
    /// Binds `uv_shutdown`.
    static func start(_ transport: Transport) -> Int32 {
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        // The handle holds the transport until it is closed, and libuv ends its requests first.
        let result = uv_shutdown(request, transport.stream) { request, status in
            let data = request!.pointee.handle.pointee.data!
            request!.deallocate()
            Unmanaged<Transport>.fromOpaque(data)._withUnsafeGuaranteedRef {
                $0.shutDownEnded(status)
            }
        }
        if result < 0 { request.deallocate() }
        return result
    }
}
