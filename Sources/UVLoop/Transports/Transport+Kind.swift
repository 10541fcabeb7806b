import CUV

extension Transport {
    /// Which of libuv's streams it is. Only what sets one up asks; on the way of a byte they are
    /// the same.
    enum Kind {
        /// A TCP socket: `uv_tcp_t`.
        case tcp
        /// A Unix-domain socket, or one end of a pipe: `uv_pipe_t`.
        case pipe
        /// A terminal: `uv_tty_t`.
        case terminal
    }

    /// libuv has noted it. Only to be asked while the handle is open.
    var kind: Kind {
        switch raw.pointee.type {
        case UV_TCP: .tcp
        case UV_TTY: .terminal
        default: .pipe
        }
    }

    /// The handle of a TCP connection.
    var tcp: UnsafeMutablePointer<uv_tcp_t> { memory(as: uv_tcp_t.self) }
}

extension SocketAddress {
    /// What connects to such an address.
    var transportKind: Transport.Kind { family == .unix ? .pipe : .tcp }
}
