import CUV

/// The C functions that libuv calls for a UDP socket, and how they find its transport.
///
/// The transport is not retained on the way: the loop holds it until the close callback, which
/// never comes from inside another callback.
enum DatagramCallbacks {
    /// How many datagrams libuv takes with one system call, at most.
    static let batch = 20
    /// How much memory libuv wants for each.
    static let largest = 65_536

    /// Binds `uv_udp_recv_start`, `uv_udp_using_recvmmsg`.
    static func startReading(_ udp: UnsafeMutablePointer<uv_udp_t>) -> Int32 {
        uv_udp_recv_start(
            udp,
            { handle, _, buffer in
                let data = handle.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped
                Unmanaged<DatagramTransport>.fromOpaque(data)._withUnsafeGuaranteedRef {
                    buffer.unsafelyUnwrapped.pointee = uv_buf_t($0.receiveBuffer)
                }
            },
            { udp, count, buffer, sender, flags in
                let data = udp.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped
                let base = UnsafeRawPointer(buffer.unsafelyUnwrapped.pointee.base)
                Unmanaged<DatagramTransport>.fromOpaque(data)._withUnsafeGuaranteedRef {
                    $0.didReceive(count, base, from: sender, flags)
                }
            })
    }
}
