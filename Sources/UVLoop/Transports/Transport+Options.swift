import CUV

extension Transport {
    // MARK: Socket options

    /// Sends small writes without delay, or gathers them by Nagle's algorithm. On at first.
    ///
    /// Binds `uv_tcp_nodelay`.
    ///
    /// - Throws: ``UVError/notSupported`` for anything but TCP.
    public func setNoDelay(_ enabled: Bool) throws(UVError) {
        try checkTCP()
        try UVError.check(uv_tcp_nodelay(tcp, enabled ? 1 : 0))
    }

    /// Probes a silent peer after a time, in whole seconds of at least one; nil to probe no more.
    ///
    /// Binds `uv_tcp_keepalive`.
    ///
    /// - Throws: ``UVError/notSupported`` for anything but TCP.
    public func setKeepAlive(after delay: Duration?) throws(UVError) {
        try checkTCP()
        let seconds = delay.map { UInt32(clamping: max(1, $0.components.seconds)) }
        try UVError.check(uv_tcp_keepalive(tcp, seconds == nil ? 0 : 1, seconds ?? 0))
    }

    /// Sets the size of the system's send buffer; Linux doubles it. Binds `uv_send_buffer_size`.
    public func setSendBufferSize(_ size: Int) throws(UVError) {
        _ = try socketBufferSize(uv_send_buffer_size, Int32(clamping: size))
    }

    /// The size of the system's send buffer. Binds `uv_send_buffer_size`.
    public var sendBufferSize: Int {
        get throws(UVError) { try socketBufferSize(uv_send_buffer_size, 0) }
    }

    /// Sets the size of the system's receive buffer; Linux doubles it. Binds
    /// `uv_recv_buffer_size`.
    public func setReceiveBufferSize(_ size: Int) throws(UVError) {
        _ = try socketBufferSize(uv_recv_buffer_size, Int32(clamping: size))
    }

    /// The size of the system's receive buffer. Binds `uv_recv_buffer_size`.
    public var receiveBufferSize: Int {
        get throws(UVError) { try socketBufferSize(uv_recv_buffer_size, 0) }
    }

    /// Sets any integer option of the socket, such as `IPPROTO_TCP`, `TCP_QUICKACK`.
    public func setSocketOption(level: Int, name: Int, to value: Int) throws(UVError) {
        try setOption(level, name, to: value)
    }

    /// Any integer option of the socket.
    public func socketOption(level: Int, name: Int) throws(UVError) -> Int {
        try option(level, name)
    }

    /// The descriptor of the socket or pipe. It stays the transport's: not to be closed, read or
    /// written.
    ///
    /// Binds `uv_fileno`.
    public var fileDescriptor: Int32 {
        get throws(UVError) { try socketDescriptor }
    }

    private func checkTCP() throws(UVError) {
        try checkOpen()
        guard kind == .tcp else { throw .notSupported }
    }
}
