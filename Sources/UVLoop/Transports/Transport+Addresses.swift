import CUV

extension Transport {
    /// The address of this side; nil for a pipe. Stays readable after the end.
    ///
    /// Stands for `uv_tcp_getsockname`, `uv_pipe_getsockname`.
    public var localAddress: SocketAddress? {
        guard isOpen else { return extras?.localAddress ?? server?.onlyAddress }
        guard let descriptor = try? fileDescriptor else { return nil }
        return try? SocketAddress { cuv_local_address(descriptor, $0, $1) }
    }

    /// The address of the peer; nil for a pipe. Peers that connect to a Unix-domain socket mostly
    /// have no name. Stays readable after the end.
    ///
    /// Stands for `uv_tcp_getpeername`, `uv_pipe_getpeername`.
    public var remoteAddress: SocketAddress? { peer.unpacked }

    /// Makes the local address outlive the socket, unless the server has it, too.
    func keepLocalAddress() {
        if let server, server.onlyAddress != nil { return }
        if let address = localAddress { neededExtras.localAddress = address }
    }
}
