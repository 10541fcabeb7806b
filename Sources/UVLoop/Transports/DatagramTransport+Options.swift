import CUV

extension DatagramTransport {
    // MARK: Groups

    /// Joins a multicast group: what is sent there is received from now on, if it is sent to the
    /// port that the socket is bound to.
    ///
    /// Binds `uv_udp_set_membership`, `uv_udp_set_source_membership`.
    ///
    /// - Parameters:
    ///   - group: the group's address, such as `239.1.2.3` or `ff02::1234`.
    ///   - interface: the interface to receive on: its address (`192.0.2.7`), for IPv6 an address
    ///     with the interface's name (`::%eth0`). Nil lets the system choose, or takes the name in
    ///     the group's address (`ff02::1234%eth0`).
    ///   - source: receive from this address only; nil for everybody. May be called again for
    ///     more.
    /// - Throws: ``UVError/invalidArgument`` for texts that are not such addresses;
    ///   ``UVError/addressInUse`` for a group that has been joined;
    ///   ``UVError/noSuchDevice`` for an interface that is not there.
    public func joinGroup(
        _ group: String, onInterface interface: String? = nil, fromSource source: String? = nil
    ) throws(UVError) {
        try setMembership(UV_JOIN_GROUP, group, interface, source)
    }

    /// Leaves a multicast group; with the same arguments with which it was joined.
    ///
    /// Binds `uv_udp_set_membership`, `uv_udp_set_source_membership`.
    ///
    /// - Throws: ``UVError/invalidArgument`` for texts that are not such addresses;
    ///   ``UVError/addressNotAvailable`` for a group that has not been joined.
    public func leaveGroup(
        _ group: String, onInterface interface: String? = nil, fromSource source: String? = nil
    ) throws(UVError) {
        try setMembership(UV_LEAVE_GROUP, group, interface, source)
    }

    private func setMembership(
        _ membership: uv_membership, _ group: String, _ interface: String?, _ source: String?
    ) throws(UVError) {
        try checkOpen()
        let address = try SocketAddress(ip: group, port: 0)
        guard address.family == localAddress.family else { throw .invalidArgument }
        let interface = try interfaceName(interface ?? (address.scope == 0 ? nil : group))
        if let source {
            guard try SocketAddress(ip: source, port: 0).family == address.family else {
                throw .invalidArgument
            }
            try UVError.check(
                uv_udp_set_source_membership(udp, group, interface, source, membership))
        } else {
            try UVError.check(uv_udp_set_membership(udp, group, interface, membership))
        }
    }

    /// Sets the interface by which datagrams to groups leave: its address, for IPv6 an address with
    /// the interface's name (`::%eth0`). Nil lets the system choose, as at first.
    ///
    /// Binds `uv_udp_set_multicast_interface`.
    public func setMulticastInterface(_ interface: String?) throws(UVError) {
        try checkOpen()
        // Not nil: libuv does not know the family of a socket that it has not made.
        let any = localAddress.family == .ipv6 ? "::" : "0.0.0.0"
        try UVError.check(uv_udp_set_multicast_interface(udp, try interfaceName(interface) ?? any))
    }

    /// Checks the text, because libuv takes an IPv6 address that names no interface for any.
    private func interfaceName(_ text: String?) throws(UVError) -> String? {
        guard let text else { return nil }
        let address = try SocketAddress(ip: text, port: 0)
        guard address.family == localAddress.family, address.family == .ipv4 || address.scope != 0
        else { throw .invalidArgument }
        return text
    }

    /// Whether sockets on this machine, this one included, receive what is sent to a group that
    /// they have joined. True at first. Stands for `uv_udp_set_multicast_loop`.
    public func setMulticastLoop(_ enabled: Bool) throws(UVError) {
        try setIPOption(Int(IP_MULTICAST_LOOP), Int(IPV6_MULTICAST_LOOP), to: enabled ? 1 : 0)
    }

    /// How many routers datagrams to groups may pass, 0...255; 1 at first, the own network.
    ///
    /// Stands for `uv_udp_set_multicast_ttl`.
    public func setMulticastTTL(_ count: Int) throws(UVError) {
        guard (0...255).contains(count) else { throw .invalidArgument }
        try setIPOption(Int(IP_MULTICAST_TTL), Int(IPV6_MULTICAST_HOPS), to: count)
    }

    // MARK: Other options of the socket

    /// Whether datagrams may be sent to broadcast addresses. Binds `uv_udp_set_broadcast`.
    public func setBroadcast(_ enabled: Bool) throws(UVError) {
        try checkOpen()
        try UVError.check(uv_udp_set_broadcast(udp, enabled ? 1 : 0))
    }

    /// How many routers other datagrams may pass, 1...255. Stands for `uv_udp_set_ttl`.
    public func setTTL(_ count: Int) throws(UVError) {
        guard (1...255).contains(count) else { throw .invalidArgument }
        try setIPOption(Int(IP_TTL), Int(IPV6_UNICAST_HOPS), to: count)
    }

    /// Not by libuv, which takes an adopted IPv6 socket for one of IPv4.
    private func setIPOption(_ ipv4: Int, _ ipv6: Int, to value: Int) throws(UVError) {
        if localAddress.family == .ipv6 {
            try setOption(Int(IPPROTO_IPV6), ipv6, to: value)
        } else {
            try setOption(Int(IPPROTO_IP), ipv4, to: value)
        }
    }

    /// Sets the size of the system's send buffer; Linux doubles it. Binds `uv_send_buffer_size`.
    public func setSendBufferSize(_ size: Int) throws(UVError) {
        _ = try socketBufferSize(uv_send_buffer_size, Int32(clamping: size))
    }

    /// The size of the system's send buffer. Binds `uv_send_buffer_size`.
    public var sendBufferSize: Int {
        get throws(UVError) { try socketBufferSize(uv_send_buffer_size, 0) }
    }

    /// Sets the size of the system's receive buffer, which holds what has come and not been
    /// delivered; Linux doubles it. Binds `uv_recv_buffer_size`.
    public func setReceiveBufferSize(_ size: Int) throws(UVError) {
        _ = try socketBufferSize(uv_recv_buffer_size, Int32(clamping: size))
    }

    /// The size of the system's receive buffer. Binds `uv_recv_buffer_size`.
    public var receiveBufferSize: Int {
        get throws(UVError) { try socketBufferSize(uv_recv_buffer_size, 0) }
    }

    /// Sets any integer option of the socket, such as `IPPROTO_IP`, `IP_TOS`.
    public func setSocketOption(level: Int, name: Int, to value: Int) throws(UVError) {
        try setOption(level, name, to: value)
    }

    /// Any integer option of the socket.
    public func socketOption(level: Int, name: Int) throws(UVError) -> Int {
        try option(level, name)
    }

    /// The socket's descriptor. It stays the transport's: not to be closed, read or written.
    ///
    /// Binds `uv_fileno`.
    public var fileDescriptor: Int32 {
        get throws(UVError) { try socketDescriptor }
    }
}
