import UVLoop

/// One end of a connection in memory, with a buffer each way: a double for a socket in tests.
///
/// ```swift
/// let (client, server) = MemoryStream.pair()
/// ```
///
/// It keeps every sentence of ``ByteStream``, and is strict where that leaves a choice, so that
/// code which works here does not rely on what another stream may not do:
/// - ``abort()`` drops what the peer has not received, and breaks its stream.
/// - A send in a task that is cancelled already ends the sending side, as one that is cut off does.
/// - What a send could not put into the buffer is lost when its task is cancelled.
///
/// It can be used from any task and needs no event loop. An end that nobody refers to any more is
/// aborted.
public final class MemoryStream: ByteStream {
    private let link: MemoryLink
    private let side: MemoryLink.Side

    private init(_ link: MemoryLink, _ side: MemoryLink.Side) {
        self.link = link
        self.side = side
    }

    deinit { link.abort(side) }

    /// Makes two ends that are connected with each other.
    ///
    /// - Parameter capacity: how many bytes each direction holds before a send waits; at least one.
    public static func pair(capacity: Int = 65_536) -> (MemoryStream, MemoryStream) {
        guard capacity > 0 else {
            fatalError("MemoryStream.pair needs a capacity; LockstepStream.pair works without one")
        }
        let link = MemoryLink(capacity: capacity)
        return (MemoryStream(link, .first), MemoryStream(link, .second))
    }

    /// Breaks the connection as a failing network does: what is under way is lost, and the
    /// operations of both ends, those that wait included, throw ``StreamError/broken(_:)``.
    public func fail(_ error: UVError = .connectionReset) {
        link.fail(error)
    }

    /// Sends all the bytes. Returns when the rest of them fits into the buffer.
    public nonisolated(nonsending) func send(
        _ bytes: some ByteContainer & Sendable
    ) async throws {
        try await link.send(bytes, from: side)
    }

    /// Returns when the buffer is not full, or the peer waits for bytes.
    public nonisolated(nonsending) func waitForRoom() async throws {
        try await link.waitForRoom(from: side)
    }

    /// Waits for bytes and returns what is there.
    public nonisolated(nonsending) func receive(upTo limit: Int) async throws -> [UInt8]? {
        try await link.receive(upTo: limit, at: side)
    }

    /// Ends the sending side.
    public nonisolated(nonsending) func sendEOF() async throws {
        try link.sendEOF(from: side)
    }

    /// Ends the stream gracefully. Does not wait: what was sent stays in the buffer, where the peer
    /// finds it, and also the rest of a send that this interrupts.
    ///
    /// - Throws: ``StreamError/broken(_:)`` if something other than the peer's `close` has broken
    ///   the sending side before, because what was sent may be lost then.
    public nonisolated(nonsending) func close() async throws {
        try link.close(side)
    }

    /// Ends the stream at once. What the peer has not received is lost.
    public func abort() {
        link.abort(side)
    }
}
