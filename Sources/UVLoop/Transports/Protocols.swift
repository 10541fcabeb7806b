/// What every connection protocol hears: the life of its connection and the state of its writing.
///
/// A protocol is an object of yours that a ``Transport`` calls on the loop's thread: first
/// ``connectionMade(_:)``, then the receiving requirements of ``PlainProtocol`` or
/// ``BufferedProtocol`` any number of times, ``eofReceived()`` at most once, and last, exactly
/// once, ``connectionLost(_:)``. Only adopt one of the two protocols that inherit from this one.
///
/// Every requirement may throw. Errors of ``connectionMade(_:)``, of the receiving requirements and
/// of ``eofReceived()`` end the connection and come back in ``connectionLost(_:)``; all errors go
/// to the loop's exception handler, too.
///
/// Everything may be called from inside a callback: writing, closing, aborting, exchanging the
/// protocol. The transport holds its protocol until the connection is lost; a protocol refers back
/// with `unowned`, not `weak` (which makes every reference count of the transport dearer from then
/// on) and not strongly (which is a cycle until the connection ends).
public protocol BaseProtocol: AnyObject {
    /// The connection stands: bytes can be written from now on, and will be read unless reading is
    /// paused in here. Called once. Not called for a protocol that takes over a living transport.
    func connectionMade(_ transport: Transport) throws

    /// The peer sends no more. Called at most once.
    ///
    /// - Returns: true to keep the writing side open, until ``Transport/close()``; false, as by
    ///   default, to close the connection once what is queued has been sent.
    func eofReceived() throws -> Bool

    /// The connection is gone; the last call. Called exactly once if ``connectionMade(_:)`` was or
    /// if the protocol has taken over a transport.
    ///
    /// - Parameter error: nil for an orderly end (the peer's end of file, ``Transport/close()``,
    ///   ``Transport/abort()``); a ``UVError`` of the network or the error of a callback otherwise.
    func connectionLost(_ error: (any Error)?) throws

    /// More than the high-water mark of bytes is queued: stop writing until ``resumeWriting()``,
    /// or memory grows without bound. The two always alternate.
    func pauseWriting() throws

    /// What is queued has sunk to the low-water mark: write again.
    func resumeWriting() throws
}

/// Does nothing, and closes at the peer's end of file.
extension BaseProtocol {
    /// Does nothing.
    public func connectionMade(_ transport: Transport) {}
    /// Closes the connection.
    public func eofReceived() -> Bool { false }
    /// Does nothing.
    public func connectionLost(_ error: (any Error)?) {}
    /// Does nothing.
    public func pauseWriting() {}
    /// Does nothing.
    public func resumeWriting() {}
}

/// A protocol that is handed the bytes as they come, in memory of the loop.
///
/// The simplest way to receive. The bytes are valid during the call only: what is needed longer has
/// to be copied. To receive into memory of your own, without a copy, adopt ``BufferedProtocol``.
public protocol PlainProtocol: BaseProtocol {
    /// Bytes have come: at least one, at most 64 KiB at a time, or 256 KiB once messages of such a
    /// length have come. The borrow ends with the call.
    func dataReceived(_ data: RawSpan) throws
}

/// A protocol that says where the next bytes shall go: they are read straight into its own memory.
///
/// ``getBuffer(sizeHint:)`` is libuv's allocation callback, and ``bufferUpdated(_:)`` follows with
/// the number of bytes that have come. Nothing is copied or allocated on the way. A
/// ``ReceiveBuffer`` is such memory, for what has to be parsed.
public protocol BufferedProtocol: BaseProtocol {
    /// Where to put the next bytes. The memory must stay valid until ``bufferUpdated(_:)`` or until
    /// this is called again, on the same connection.
    ///
    /// Called before each read; a read that finds nothing is not followed by
    /// ``bufferUpdated(_:)``. To return an empty buffer, or to throw, ends the connection with
    /// ``UVError/noBufferSpace``, or the error.
    ///
    /// Binds `uv_alloc_cb`.
    ///
    /// - Parameter sizeHint: how many bytes make a good read; any other size works as well. A
    ///   buffer that a read fills is followed by another read at once.
    func getBuffer(sizeHint: Int) throws -> UnsafeMutableRawBufferPointer

    /// The first `count` bytes of the last buffer have been filled; `count` is at least 1.
    func bufferUpdated(_ count: Int) throws
}
