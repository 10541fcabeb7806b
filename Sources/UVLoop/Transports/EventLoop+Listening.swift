extension EventLoop {
    /// Listens on endpoints, and serves every connection with a protocol that the closure makes.
    ///
    /// ```swift
    /// let server = try await loop.listen(on: .ip("127.0.0.1", port: 0)) { Echo() }
    /// print(server.port)
    /// ```
    ///
    /// All endpoints are bound, or none. A name is looked up, and every address that it has is
    /// listened on. Port 0 lets the system choose, the same one for all addresses. IPv6 sockets
    /// take IPv6 only. What becomes of the files of Unix-domain sockets, ``TCPServer`` says.
    ///
    /// Binds `uv_getaddrinfo`, `uv_poll_start`; stands for `uv_tcp_bind`, `uv_listen`.
    ///
    /// - Parameter makeProtocol: called for each connection. If it throws, that one is closed.
    /// - Throws: ``EndpointError``, which names the address.
    public nonisolated(nonsending) func listen<P: BufferedProtocol>(
        on endpoints: Endpoint..., options: ListenOptions = ListenOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ makeProtocol: @escaping () throws -> P
    ) async throws(EndpointError) -> TCPServer {
        preconditionOnThread("listen")
        return try TCPServer(
            self, binding: try await addresses(of: endpoints), options: options,
            BufferedEntry<P>(), madeAt: SourcePlace(file: file, line: line), makeProtocol)
    }

    /// Listens on endpoints, and serves every connection with a plain protocol; as the form for
    /// buffered protocols.
    ///
    /// - Parameter makeProtocol: called for each connection. If it throws, that one is closed.
    /// - Throws: ``EndpointError``, which names the address.
    public nonisolated(nonsending) func listen<P: PlainProtocol>(
        on endpoints: Endpoint..., options: ListenOptions = ListenOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ makeProtocol: @escaping () throws -> P
    ) async throws(EndpointError) -> TCPServer {
        preconditionOnThread("listen")
        return try TCPServer(
            self, binding: try await addresses(of: endpoints), options: options,
            PlainEntry<P>(), madeAt: SourcePlace(file: file, line: line), makeProtocol)
    }

    /// Listens on known addresses at once: for callbacks, which cannot wait.
    ///
    /// - Parameter makeProtocol: called for each connection. If it throws, that one is closed.
    /// - Throws: ``EndpointError``, which names the address.
    public nonisolated func listen<P: BufferedProtocol>(
        onAddresses addresses: SocketAddress..., options: ListenOptions = ListenOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ makeProtocol: @escaping () throws -> P
    ) throws(EndpointError) -> TCPServer {
        try TCPServer(
            self, binding: addresses, options: options, BufferedEntry<P>(),
            madeAt: SourcePlace(file: file, line: line), makeProtocol)
    }

    /// Listens on known addresses at once, with a plain protocol.
    ///
    /// - Parameter makeProtocol: called for each connection. If it throws, that one is closed.
    /// - Throws: ``EndpointError``, which names the address.
    public nonisolated func listen<P: PlainProtocol>(
        onAddresses addresses: SocketAddress..., options: ListenOptions = ListenOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ makeProtocol: @escaping () throws -> P
    ) throws(EndpointError) -> TCPServer {
        try TCPServer(
            self, binding: addresses, options: options, PlainEntry<P>(),
            madeAt: SourcePlace(file: file, line: line), makeProtocol)
    }

    /// Serves the connections of a socket that listens already, such as one that a service manager
    /// hands over: TCP or Unix-domain.
    ///
    /// The descriptor is the server's from then on, and is made non-blocking and close-on-exec. If
    /// this throws, it is still the caller's. One of the three standard ones becomes the null
    /// device at its end. Of the options only ``ListenOptions/noDelay`` and
    /// ``ListenOptions/maxConnections`` count. The file of a Unix-domain socket is not removed: the
    /// server has not made it.
    ///
    /// - Parameter makeProtocol: called for each connection. If it throws, that one is closed.
    /// - Throws: ``EndpointError``, with ``UVError/invalidArgument`` for what does not listen.
    public nonisolated func listen<P: BufferedProtocol>(
        adopting descriptor: Int32, options: ListenOptions = ListenOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ makeProtocol: @escaping () throws -> P
    ) throws(EndpointError) -> TCPServer {
        try TCPServer(
            self, adopting: descriptor, options: options, BufferedEntry<P>(),
            madeAt: SourcePlace(file: file, line: line), makeProtocol)
    }

    /// Serves the connections of a socket that listens already, with a plain protocol; as the form
    /// for buffered protocols.
    ///
    /// - Parameter makeProtocol: called for each connection. If it throws, that one is closed.
    /// - Throws: ``EndpointError``, with ``UVError/invalidArgument`` for what does not listen.
    public nonisolated func listen<P: PlainProtocol>(
        adopting descriptor: Int32, options: ListenOptions = ListenOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ makeProtocol: @escaping () throws -> P
    ) throws(EndpointError) -> TCPServer {
        try TCPServer(
            self, adopting: descriptor, options: options, PlainEntry<P>(),
            madeAt: SourcePlace(file: file, line: line), makeProtocol)
    }

    /// All addresses that endpoints stand for.
    nonisolated(nonsending) func addresses(
        of endpoints: [Endpoint]
    ) async throws(EndpointError) -> [SocketAddress] {
        var all: [SocketAddress] = []
        for endpoint in endpoints {
            switch try endpoint.target(anyHost: Endpoint.everyInterface) {
            case .addresses(let addresses): all += addresses
            case .name(let name, let port): all += try await lookUp(name, port)
            }
        }
        return all
    }

    private nonisolated(nonsending) func lookUp(
        _ name: String, _ port: Int
    ) async throws(EndpointError) -> [SocketAddress] {
        let query = NameQuery(name)
        if let known = knownAnswer(to: query) { return known.addresses(port: port) }
        let result: Result<NameAnswer, UVError> = await withCheckedContinuation { continuation in
            do throws(UVError) {
                _ = try startLookup(query) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        do {
            return try result.get().addresses(port: port)
        } catch {
            throw EndpointError(.resolve, "\(name):\(port)", error)
        }
    }
}
