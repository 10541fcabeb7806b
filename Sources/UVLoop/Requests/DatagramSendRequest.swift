import CUV

/// One datagram that libuv has taken to send; freed in libuv's callback, which always comes.
final class DatagramSendRequest {
    private let request = UnsafeMutablePointer<uv_udp_send_t>.allocate(capacity: 1)
    private let datagram: OutboundDatagram
    private let transport: DatagramTransport

    private init(_ datagram: OutboundDatagram, _ transport: DatagramTransport) {
        self.datagram = datagram
        self.transport = transport
    }

    deinit {
        request.deallocate()
    }

    /// Hands the datagram to libuv. ``DatagramTransport/sendEnded(_:_:)`` follows, later.
    ///
    /// Binds `uv_udp_send`.
    static func start(_ datagram: OutboundDatagram, on transport: DatagramTransport) {
        let send = DatagramSendRequest(datagram, transport)
        let context = Unmanaged.passRetained(send)
        send.request.pointee.data = context.toOpaque()
        let result =
            datagram.address.map { $0.withSockaddr { address, _ in send.start(address) } }
            ?? send.start(nil)
        if result < 0 {
            context.release()
            _ = transport.loop.core.enqueue(.closure { transport.sendEnded(datagram, result) })
        }
    }

    private func start(_ address: UnsafePointer<sockaddr>?) -> Int32 {
        var buffer = uv_buf_t(datagram.chunk.bytes)
        return uv_udp_send(request, transport.udp, &buffer, 1, address) { request, status in
            let send = Unmanaged<DatagramSendRequest>.fromOpaque(request!.pointee.data)
                .takeRetainedValue()
            send.transport.sendEnded(send.datagram, status)
        }
    }
}
