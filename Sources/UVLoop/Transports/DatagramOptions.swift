/// How a UDP socket is opened.
public struct DatagramOptions: Sendable, Hashable {
    /// Whether several sockets may be bound to the same address, if all of them want it, as
    /// listeners of one multicast group do: `SO_REUSEADDR`. Of several, one gets a datagram that is
    /// not sent to a group. False at first.
    public var reuseAddress = false
    /// Whether several sockets may be bound to the same address and share what comes, as when each
    /// of several loops has its own: `SO_REUSEPORT`. False at first.
    public var reusePort = false
    /// Whether datagrams may be sent to broadcast addresses: `SO_BROADCAST`. False at first;
    /// sending there fails with ``UVError/permissionDenied`` then.
    public var allowsBroadcast = false
    /// Whether a socket that is bound to `::` takes IPv6 only: `IPV6_V6ONLY`. False at first: it
    /// takes IPv4, too, with senders such as `::ffff:127.0.0.1`.
    public var ipv6Only = false

    /// The options as they are at first.
    public init() {}
}
