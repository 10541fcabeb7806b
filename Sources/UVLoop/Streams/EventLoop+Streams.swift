extension EventLoop {
    /// Connects to an endpoint, from any task.
    ///
    /// A name is looked up, and its addresses race as RFC 8305 (Happy Eyeballs) says.
    ///
    /// ```swift
    /// let stream = try await loop.connect(to: .host("localhost", port: 7000))
    /// ```
    ///
    /// Binds `uv_getaddrinfo`, `uv_tcp_open`; stands for `uv_tcp_bind`, `uv_tcp_connect`.
    ///
    /// - Parameters:
    ///   - endpoint: where to connect.
    ///   - localAddress: the address to connect from; nil lets the system choose.
    ///   - timeout: for all of it, the look-up included; nil for none but the system's.
    ///   - options: how the addresses are tried.
    /// - Returns: the stream, which the caller closes; the scope form, `withConnection`, does that
    ///   by itself.
    /// - Throws: ``EndpointError``, with each address that was tried, and with ``UVError/canceled``
    ///   if the loop is closed; `CancellationError` if the task is cancelled. Nothing is left open
    ///   then.
    public nonisolated(nonsending) func connect(
        to endpoint: Endpoint, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
        options: ConnectOptions = ConnectOptions(),
        file: StaticString = #fileID, line: UInt = #line
    ) async throws -> SocketStream {
        guard isHome() else {
            return try await visit {
                try await self.connect(
                    to: endpoint, from: localAddress, timeout: timeout, options: options,
                    file: file,
                    line: line)
            }
        }
        let stream = StreamCore(on: core)
        let transport = try await connect(
            endpoint, localAddress, timeout, options,
            ProtocolReference(entry: core.streamEntry, object: stream),
            SourcePlace(file: file, line: line))
        return SocketStream(stream, transport)
    }

    /// Connects to an endpoint, lends the stream to the closure, and closes it on every exit:
    /// gracefully, or at once if the task is cancelled.
    ///
    /// - Parameter body: uses the stream, where the caller is.
    /// - Throws: as the form without a closure; what the closure throws; if it throws nothing, what
    ///   ``SocketStream/close()`` does.
    public nonisolated(nonsending) func withConnection<R>(
        to endpoint: Endpoint, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
        options: ConnectOptions = ConnectOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ body: nonisolated(nonsending) (SocketStream) async throws -> R
    ) async throws -> R {
        let stream = try await connect(
            to: endpoint, from: localAddress, timeout: timeout, options: options, file: file,
            line: line)
        return try await stream.closing(body)
    }

    /// Listens on endpoints: each connection becomes a ``SocketStream``.
    ///
    /// ```swift
    /// let listener = try await loop.listen(on: .host(nil, port: 7000))
    /// try await listener.serve { stream in
    ///     for try await chunk in stream { try await stream.send(chunk) }
    /// }
    /// ```
    ///
    /// All endpoints are bound, or none. A name is looked up, and every address that it has is
    /// listened on. Port 0 lets the system choose, the same one for all addresses. IPv6 sockets
    /// take IPv6 only.
    ///
    /// Binds `uv_getaddrinfo`, `uv_poll_start`; stands for `uv_tcp_bind`, `uv_listen`.
    ///
    /// - Returns: the listener, from any task; it closes when nobody refers to it any more.
    /// - Throws: ``EndpointError``, which names the address; with ``UVError/canceled`` if the loop
    ///   is closed.
    public nonisolated(nonsending) func listen(
        on endpoints: Endpoint..., options: ListenOptions = ListenOptions(),
        file: StaticString = #fileID, line: UInt = #line
    ) async throws -> Listener {
        try await listen(
            on: endpoints, options: options, madeAt: SourcePlace(file: file, line: line))
    }

    private nonisolated(nonsending) func listen(
        on endpoints: [Endpoint], options: ListenOptions, madeAt place: SourcePlace
    ) async throws -> Listener {
        guard isHome() else {
            return try await visit {
                try await self.listen(on: endpoints, options: options, madeAt: place)
            }
        }
        let sockets = try TCPServer.bind(
            self, try await addresses(of: endpoints), options, place)
        return try Listener(self, sockets, options, place)
    }
}
