import CUV

extension Transport {
    /// Which of libuv's streams it is. Only what sets one up asks; on the way of a byte they are
    /// the same.
    enum Kind {
        /// A TCP socket: `uv_tcp_t`.
        case tcp
        /// A Unix-domain socket, or one end of a pipe: `uv_pipe_t`.
        case pipe
    }

    /// libuv has noted it. Only to be asked while the handle is open.
    var kind: Kind { raw.pointee.type == UV_TCP ? .tcp : .pipe }

    /// The handle of a TCP connection.
    var tcp: UnsafeMutablePointer<uv_tcp_t> { memory(as: uv_tcp_t.self) }
}

extension SocketAddress {
    /// What connects to such an address.
    var transportKind: Transport.Kind { family == .unix ? .pipe : .tcp }
}
