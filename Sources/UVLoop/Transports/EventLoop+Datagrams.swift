import CUV

extension EventLoop {
    /// Opens a UDP socket for a protocol. Returns when the protocol has heard `connectionMade`.
    ///
    /// ```swift
    /// let transport = try await loop.openDatagram(
    ///     boundTo: .ip("127.0.0.1", port: 0), Answering())
    /// ```
    ///
    /// Names are looked up, and their addresses tried one after the other; the first that can be
    /// bound and connected is the one. To connect sends nothing: that nobody listens there is not
    /// known before something has been sent.
    ///
    /// Binds `uv_getaddrinfo`, `uv_udp_init_ex`, `uv_udp_bind`, `uv_udp_connect`.
    ///
    /// - Parameters:
    ///   - local: the address to receive at, with port 0 for any; the nil host stands for every
    ///     interface, over IPv6 and IPv4. Nil lets the system choose, which needs a peer.
    ///   - peer: the one peer to send to and receive from; nil for everybody.
    ///   - newProtocol: hears of the datagrams.
    /// - Throws: ``EndpointError``, with each address that was tried; `CancellationError` if the
    ///   task is cancelled: nothing is left open then.
    public nonisolated(nonsending) func openDatagram(
        boundTo local: Endpoint? = nil, connectedTo peer: Endpoint? = nil,
        options: DatagramOptions = DatagramOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ newProtocol: some DatagramProtocol
    ) async throws -> DatagramTransport {
        preconditionOnThread("openDatagram")
        let transport = try await openedDatagram(
            local, peer, options, SourcePlace(file: file, line: line))
        transport.begin(newProtocol)
        return transport
    }

    /// Opens a UDP socket with known addresses at once: for callbacks, which cannot wait.
    ///
    /// - Throws: ``EndpointError``, which names the address.
    public nonisolated func openDatagram(
        boundToAddress local: SocketAddress? = nil,
        connectedToAddress peer: SocketAddress? = nil,
        options: DatagramOptions = DatagramOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ newProtocol: some DatagramProtocol
    ) throws(EndpointError) -> DatagramTransport {
        let targets = DatagramTarget.all(local.map { [$0] }, peer.map { [$0] })
        let transport = try firstOpened(
            targets, options, SourcePlace(file: file, line: line),
            for: peer?.description ?? local?.description ?? "nowhere")
        transport.begin(newProtocol)
        return transport
    }

    /// Takes over a UDP socket that somebody else has opened. Sets `SO_REUSEADDR` on it.
    ///
    /// Binds `uv_udp_open`.
    ///
    /// - Parameter descriptor: bound, and connected or not. The transport's own from then on,
    ///   unless this throws. The three standard ones stay open at its end.
    /// - Throws: ``UVError/protocolWrongType`` if it is no datagram socket;
    ///   ``UVError/addressFamilyNotSupported`` if it is not one of IP; ``UVError/fileExists`` if
    ///   the loop watches it already.
    public nonisolated func openDatagram(
        adopting descriptor: Int32,
        file: StaticString = #fileID, line: UInt = #line,
        _ newProtocol: some DatagramProtocol
    ) throws(UVError) -> DatagramTransport {
        var type: Int32 = 0
        try UVError.check(cuv_get_option(descriptor, SOL_SOCKET, SO_TYPE, &type))
        guard type == cuv_datagram_type else { throw .protocolWrongType }
        let local = try SocketAddress { cuv_local_address(descriptor, $0, $1) }
        guard [AF_INET, AF_INET6].contains(local.systemFamily) else {
            throw .addressFamilyNotSupported
        }
        let peer = try? SocketAddress { cuv_peer_address(descriptor, $0, $1) }
        let transport = try DatagramTransport.adopt(
            self, descriptor: descriptor, local: local, peer: peer,
            madeAt: SourcePlace(file: file, line: line))
        transport.begin(newProtocol)
        return transport
    }

    /// Looks up what has to be, and opens the socket.
    nonisolated(nonsending) func openedDatagram(
        _ local: Endpoint?, _ peer: Endpoint?, _ options: DatagramOptions, _ place: SourcePlace
    ) async throws -> DatagramTransport {
        try Task.checkCancellation()
        var locals: [SocketAddress]?
        var peers: [SocketAddress]?
        if let local {
            locals = try await resolve(
                local, anyHost: Endpoint.everyInterface, socketType: cuv_datagram_type)
        }
        if let peer {
            peers = try await resolve(
                peer, anyHost: Endpoint.thisMachine, socketType: cuv_datagram_type)
        }
        return try firstOpened(
            DatagramTarget.all(locals, peers), options, place,
            for: peer?.description ?? local?.description ?? "nowhere")
    }

    private nonisolated func firstOpened(
        _ targets: [DatagramTarget], _ options: DatagramOptions, _ place: SourcePlace,
        for endpoint: String
    ) throws(EndpointError) -> DatagramTransport {
        preconditionOnThread("openDatagram")
        // No address at all, or of another family than the peer's.
        guard !targets.isEmpty else { throw EndpointError(.bind, endpoint, .invalidArgument) }
        var failures: [EndpointError] = []
        for target in targets {
            do throws(EndpointError) {
                return try DatagramTransport.open(self, target, options, madeAt: place)
            } catch {
                failures.append(error)
            }
        }
        throw EndpointError(combining: failures, for: endpoint)
    }
}
