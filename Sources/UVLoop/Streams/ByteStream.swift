/// The end of a stream that bytes are put into.
///
/// One task sends at a time; a second one gets ``StreamError/busy``. Every operation is a
/// cancellation point: in a cancelled task it throws `CancellationError`, also when it would have
/// failed, or succeeded, at once.
public protocol SendStream: Sendable {
    /// Sends all the bytes, in order. Returns when they have been taken: by the system or into a
    /// buffer with a bound, so that a peer that does not read makes its sender wait.
    ///
    /// No bytes at all are sent at once, but not without the checks.
    ///
    /// - Throws: ``StreamError/busy``; ``StreamError/closed`` after the own `sendEOF`, `close` or
    ///   `abort`, also if those come while this waits; ``StreamError/broken(_:)`` once the peer is
    ///   gone, then for ever; `CancellationError`: then nobody knows how much was sent, and the
    ///   sending side is done.
    nonisolated(nonsending) func send(_ bytes: some ByteContainer & Sendable) async throws

    /// Returns when a send would probably not have to wait. Sends nothing.
    ///
    /// - Throws: as ``send(_:)``; a cancelled wait changes nothing, though.
    nonisolated(nonsending) func waitForRoom() async throws

    /// Ends the stream gracefully: what was sent arrives, and then the end. Always closes. A
    /// cancelled task closes at once, without grace. Idempotent.
    ///
    /// Operations that wait on this side end with ``StreamError/closed``.
    ///
    /// - Throws: if there was no grace: what was sent may be lost. The stream is closed even then.
    nonisolated(nonsending) func close() async throws

    /// Ends the stream at once; what was sent may be lost. Operations that wait on this side end
    /// with ``StreamError/closed``. Idempotent, from any thread.
    func abort()
}

/// The end of a stream that bytes come out of.
///
/// One task receives at a time; a second one gets ``StreamError/busy``. Every operation is a
/// cancellation point: in a cancelled task it throws `CancellationError`, also when it would have
/// failed, or succeeded, at once.
public protocol ReceiveStream: Sendable {
    /// Waits for bytes and returns what is there, at least one; nil at the end of the stream, then
    /// for ever.
    ///
    /// - Parameter limit: the most that is returned.
    /// - Throws: ``StreamError/invalidArgument`` for a limit below one; ``StreamError/busy``;
    ///   ``StreamError/closed`` after the own `close` or `abort`, also if those come while this
    ///   waits; ``StreamError/broken(_:)``; `CancellationError`, which loses no bytes.
    nonisolated(nonsending) func receive(upTo limit: Int) async throws -> [UInt8]?

    /// As ``SendStream/close()``.
    nonisolated(nonsending) func close() async throws

    /// As ``SendStream/abort()``.
    func abort()
}

/// A stream in both directions, such as a ``SocketStream``: what protocols are written on.
public protocol ByteStream: SendStream, ReceiveStream {
    /// Ends the sending side: the peer receives what was sent and then nil. Receiving goes on.
    /// Idempotent.
    ///
    /// - Throws: ``StreamError/busy`` while another task sends; ``StreamError/closed`` after
    ///   `close` or `abort`; ``StreamError/broken(_:)``; `CancellationError`.
    nonisolated(nonsending) func sendEOF() async throws
}
