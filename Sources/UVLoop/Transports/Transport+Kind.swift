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

    /// Takes a descriptor over, which is made non-blocking and is libuv's from then on. If that
    /// fails it stays the caller's.
    ///
    /// Binds `uv_tcp_open`, `uv_pipe_open`.
    func open(_ descriptor: Int32) throws(UVError) {
        switch kind {
        case .tcp: try UVError.check(uv_tcp_open(tcp, descriptor))
        case .pipe: try UVError.check(uv_pipe_open(memory(as: uv_pipe_t.self), descriptor))
        }
    }

    /// Ends a transport that came to nothing; its protocol hears of neither beginning nor end.
    func discard() {
        neededExtras.isSilent = true
        abort()
    }
}

extension SocketAddress {
    /// What connects to such an address.
    var transportKind: Transport.Kind { family == .unix ? .pipe : .tcp }
}
