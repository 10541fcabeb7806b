extension EventLoop {
    /// Opens a UDP socket for tasks. May be called from any of them.
    ///
    /// Names and addresses as in `openDatagram`, which opens one for a protocol.
    ///
    /// Binds `uv_getaddrinfo`, `uv_udp_init_ex`, `uv_udp_bind`, `uv_udp_connect`.
    ///
    /// - Parameters:
    ///   - local: the address to receive at, with port 0 for any; the nil host stands for every
    ///     interface, over IPv6 and IPv4. Nil lets the system choose, which needs a peer.
    ///   - peer: the one peer to send to and receive from; nil for everybody.
    ///   - limits: how much is kept that nobody has received yet.
    /// - Throws: ``EndpointError``, with each address that was tried;
    ///   ``StreamError/invalidArgument`` for limits below 1; ``EventLoopError/closed``;
    ///   `CancellationError` if the task is cancelled: nothing is left open then.
    public func datagramSocket(
        boundTo local: Endpoint? = nil, connectedTo peer: Endpoint? = nil,
        options: DatagramOptions = DatagramOptions(),
        limits: DatagramSocket.ReceiveLimits = DatagramSocket.ReceiveLimits(),
        file: StaticString = #fileID, line: UInt = #line
    ) async throws -> DatagramSocket {
        guard !isClosed else { throw EventLoopError.closed }
        guard limits.datagrams > 0, limits.bytes > 0 else { throw StreamError.invalidArgument }
        let transport = try await openedDatagram(
            local, peer, options, SourcePlace(file: file, line: line))
        let receiver = DatagramReceiver(limits)
        let socket = DatagramSocket(transport, receiver)
        transport.begin(receiver)
        return socket
    }
}
