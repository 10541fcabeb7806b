import CUV

/// The C functions that libuv calls for a stream, and how they find its transport.
///
/// The transport is not retained on the way: the loop holds it until the close callback, which
/// never comes from inside another callback.
///
/// Between the first and the second of these functions libuv must not be told to stop reading or to
/// close: it would go on with the null pointers and the closed descriptor that it finds then.
enum StreamCallbacks {
    /// Binds `uv_read_start`.
    static func startReading(_ stream: UnsafeMutablePointer<uv_stream_t>) -> Int32 {
        uv_read_start(
            stream,
            { handle, hint, buffer in
                let data = handle.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped
                Unmanaged<Transport>.fromOpaque(data)._withUnsafeGuaranteedRef {
                    buffer.unsafelyUnwrapped.pointee = $0.provideBuffer(hint)
                }
            },
            { stream, count, buffer in
                let data = stream.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped
                let base = UnsafeMutableRawPointer(buffer.unsafelyUnwrapped.pointee.base)
                Unmanaged<Transport>.fromOpaque(data)._withUnsafeGuaranteedRef {
                    $0.didRead(count, base)
                }
            })
    }
}
