/// What hears of the datagrams of a UDP socket.
///
/// An object of yours that a ``DatagramTransport`` calls on the loop's thread: first
/// ``connectionMade(_:)``, then the others any number of times, and last, exactly once,
/// ``connectionLost(_:)``. Only ``datagramReceived(_:from:)`` has to be written.
///
/// Every requirement may throw: the error goes to the loop's exception handler, and nothing else
/// happens. Neither that nor an error of the network closes the socket.
///
/// Everything may be called from inside a callback. The transport holds its protocol until the end;
/// a protocol refers back with `unowned`.
public protocol DatagramProtocol: AnyObject {
    /// The socket is there and has its addresses. Called once, before the call returns that opened
    /// it.
    func connectionMade(_ transport: DatagramTransport) throws

    /// A datagram has come, as a whole; it may be empty. The borrow of its bytes ends with the
    /// call.
    ///
    /// - Parameter sender: where it came from: an answer goes there.
    func datagramReceived(_ bytes: RawSpan, from sender: SocketAddress) throws

    /// A datagram has come that was longer than 64 KiB, and what was beyond is lost. IP carries
    /// none that long, jumbograms of IPv6 excepted.
    ///
    /// If it is not written, ``errorReceived(_:)`` gets ``UVError/messageTooLong``, and the bytes
    /// are dropped.
    ///
    /// - Parameter bytes: the beginning of the datagram.
    func truncatedDatagramReceived(_ bytes: RawSpan, from sender: SocketAddress) throws

    /// Something went wrong with a datagram: one that was queued could not be sent, or, on a
    /// connected socket, the network says that an earlier one did not arrive, such as
    /// ``UVError/connectionRefused`` if nobody listens there. The socket goes on.
    func errorReceived(_ error: UVError) throws

    /// More than the high-water mark is queued: stop sending until ``resumeWriting()``, or memory
    /// grows without bound. The two always alternate.
    func pauseWriting() throws

    /// What is queued has sunk to the low-water mark: send again.
    func resumeWriting() throws

    /// The socket is closed; the last call. Called exactly once.
    ///
    /// - Parameter error: nil, because nothing but ``DatagramTransport/close()``,
    ///   ``DatagramTransport/abort()`` and the loop's end closes a datagram socket so far.
    func connectionLost(_ error: (any Error)?) throws
}

/// Does nothing.
extension DatagramProtocol {
    /// Does nothing.
    public func connectionMade(_ transport: DatagramTransport) {}
    /// Calls ``errorReceived(_:)`` with ``UVError/messageTooLong``.
    public func truncatedDatagramReceived(
        _ bytes: RawSpan, from sender: SocketAddress
    ) throws {
        try errorReceived(.messageTooLong)
    }
    /// Does nothing.
    public func errorReceived(_ error: UVError) {}
    /// Does nothing.
    public func pauseWriting() {}
    /// Does nothing.
    public func resumeWriting() {}
    /// Does nothing.
    public func connectionLost(_ error: (any Error)?) {}
}
