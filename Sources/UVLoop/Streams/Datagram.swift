/// A datagram that was received.
public struct Datagram: Sendable, Hashable {
    /// What it says; none for an empty datagram.
    public var bytes: [UInt8]
    /// Where it came from: an answer goes there.
    public var sender: SocketAddress
    /// Whether it was longer, and what was beyond is lost; see
    /// ``DatagramProtocol/truncatedDatagramReceived(_:from:)``.
    public var isTruncated: Bool

    init(_ bytes: [UInt8], from sender: SocketAddress, isTruncated: Bool = false) {
        self.bytes = bytes
        self.sender = sender
        self.isTruncated = isTruncated
    }
}
