import UVLoop

/// One end of a connection in memory that has no buffer at all: a send returns when the peer has
/// received its last byte.
///
/// Code that sends where it should receive works as long as some buffer is large enough, and stops
/// for ever when it is not. Here it stops at once:
///
/// ```swift
/// let (client, server) = LockstepStream.pair()
/// ```
///
/// Otherwise it is as strict as ``MemoryStream``. It can be used from any task and needs no event
/// loop. An end that nobody refers to any more is aborted.
public final class LockstepStream: ByteStream {
    private let link: MemoryLink
    private let side: MemoryLink.Side

    private init(_ link: MemoryLink, _ side: MemoryLink.Side) {
        self.link = link
        self.side = side
    }

    deinit { link.abort(side) }

    /// Makes two ends that are connected with each other.
    public static func pair() -> (LockstepStream, LockstepStream) {
        let link = MemoryLink(capacity: 0)
        return (LockstepStream(link, .first), LockstepStream(link, .second))
    }

    /// Breaks the connection as a failing network does: the operations of both ends, those that
    /// wait included, throw ``StreamError/broken(_:)``.
    public func fail(_ error: UVError = .connectionReset) {
        link.fail(error)
    }

    /// Sends all the bytes. Returns when they have been received.
    public nonisolated(nonsending) func send(
        _ bytes: some ByteContainer & Sendable
    ) async throws {
        try await link.send(bytes, from: side)
    }

    /// Returns when the peer waits for bytes.
    public nonisolated(nonsending) func waitForRoom() async throws {
        try await link.waitForRoom(from: side)
    }

    /// Waits for bytes and takes them from the peer's send, which goes on if there are more.
    public nonisolated(nonsending) func receive(upTo limit: Int) async throws -> [UInt8]? {
        try await link.receive(upTo: limit, at: side)
    }

    /// Ends the sending side. Does not wait for the peer.
    public nonisolated(nonsending) func sendEOF() async throws {
        try link.sendEOF(from: side)
    }

    /// Ends the stream gracefully. Does not wait for the peer: what was sent has been received. The
    /// rest of a send that this interrupts is lost.
    ///
    /// - Throws: ``StreamError/broken(_:)`` if something other than the peer's `close` has broken
    ///   the sending side before.
    public nonisolated(nonsending) func close() async throws {
        try link.close(side)
    }

    /// Ends the stream at once.
    public func abort() {
        link.abort(side)
    }
}
