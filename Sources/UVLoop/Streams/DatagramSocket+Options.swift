// The options of ``DatagramTransport``, from any task. After the end they throw
// ``StreamError/closed``.
extension DatagramSocket {
    /// Calls `body` with the transport, on the loop.
    nonisolated(nonsending) func withTransport<R: Sendable>(
        _ body: @Sendable (DatagramTransport) throws -> R
    ) async throws -> R {
        try await receiver.withTransport(on: loop, body)
    }

    /// Joins a multicast group; see
    /// ``DatagramTransport/joinGroup(_:onInterface:fromSource:)``.
    public nonisolated(nonsending) func joinGroup(
        _ group: String, onInterface interface: String? = nil, fromSource source: String? = nil
    ) async throws {
        try await withTransport {
            try $0.joinGroup(group, onInterface: interface, fromSource: source)
        }
    }

    /// Leaves a multicast group; see
    /// ``DatagramTransport/leaveGroup(_:onInterface:fromSource:)``.
    public nonisolated(nonsending) func leaveGroup(
        _ group: String, onInterface interface: String? = nil, fromSource source: String? = nil
    ) async throws {
        try await withTransport {
            try $0.leaveGroup(group, onInterface: interface, fromSource: source)
        }
    }

    /// Sets by which interface datagrams to groups leave; see
    /// ``DatagramTransport/setMulticastInterface(_:)``.
    public nonisolated(nonsending) func setMulticastInterface(_ interface: String?) async throws {
        try await withTransport { try $0.setMulticastInterface(interface) }
    }

    /// Sets whether this machine hears what it sends to groups; see
    /// ``DatagramTransport/setMulticastLoop(_:)``.
    public nonisolated(nonsending) func setMulticastLoop(_ enabled: Bool) async throws {
        try await withTransport { try $0.setMulticastLoop(enabled) }
    }

    /// Sets how many routers datagrams to groups may pass; see
    /// ``DatagramTransport/setMulticastTTL(_:)``.
    public nonisolated(nonsending) func setMulticastTTL(_ count: Int) async throws {
        try await withTransport { try $0.setMulticastTTL(count) }
    }

    /// Sets whether datagrams may be sent to broadcast addresses; see
    /// ``DatagramTransport/setBroadcast(_:)``.
    public nonisolated(nonsending) func setBroadcast(_ enabled: Bool) async throws {
        try await withTransport { try $0.setBroadcast(enabled) }
    }

    /// Sets how many routers other datagrams may pass; see ``DatagramTransport/setTTL(_:)``.
    public nonisolated(nonsending) func setTTL(_ count: Int) async throws {
        try await withTransport { try $0.setTTL(count) }
    }

    /// Sets the size of the system's send buffer; see
    /// ``DatagramTransport/setSendBufferSize(_:)``.
    public nonisolated(nonsending) func setSendBufferSize(_ size: Int) async throws {
        try await withTransport { try $0.setSendBufferSize(size) }
    }

    /// Sets the size of the system's receive buffer; see
    /// ``DatagramTransport/setReceiveBufferSize(_:)``.
    public nonisolated(nonsending) func setReceiveBufferSize(_ size: Int) async throws {
        try await withTransport { try $0.setReceiveBufferSize(size) }
    }

    /// Sets any integer option of the socket, such as `IPPROTO_IP`, `IP_TOS`.
    public nonisolated(nonsending) func setSocketOption(
        level: Int, name: Int, to value: Int
    ) async throws {
        try await withTransport { try $0.setSocketOption(level: level, name: name, to: value) }
    }

    /// Any integer option of the socket.
    public nonisolated(nonsending) func socketOption(level: Int, name: Int) async throws -> Int {
        try await withTransport { try $0.socketOption(level: level, name: name) }
    }
}
