extension SocketStream {
    // MARK: Limits

    /// Sets between which amounts of queued bytes a sender waits and goes on: it waits strictly
    /// above `high`, and goes on at `low` or below. At first 65,536 and 16,384.
    ///
    /// - Parameters:
    ///   - low: nil for a quarter of `high`.
    ///   - high: nil for four times `low`. With neither, the marks become what they were at first.
    /// - Throws: ``UVError/invalidArgument`` unless 0 ≤ low ≤ high.
    public nonisolated(nonsending) func setWriteBufferLimits(
        low: Int? = nil, high: Int? = nil
    ) async throws {
        try await withTransport { try $0.setWriteBufferLimits(low: low, high: high) }
    }

    /// Sets how many bytes are read ahead while nobody receives; 65,536 at first. Larger pieces can
    /// be received all the same. The memory for them is kept between the pieces as long as it is
    /// within this limit.
    ///
    /// - Throws: ``StreamError/invalidArgument`` for a limit below one.
    public nonisolated(nonsending) func setReceiveLimit(_ limit: Int) async throws {
        guard limit > 0 else { throw StreamError.invalidArgument }
        guard isOnThread else {
            return try await loop.visit { try await self.setReceiveLimit(limit) }
        }
        core.neededReadAhead.buffer.limit = limit
    }

    /// Sets how long ``close()`` takes at most; 30 seconds at first. So long a peer that does not
    /// read can keep what a listener's handler leaves behind.
    public nonisolated(nonsending) func setCloseTimeout(_ timeout: Duration) async throws {
        try await withTransport { $0.neededExtras.streamCloseTimeout = timeout }
    }

    // MARK: The connection below

    /// Lends the transport below the stream, on the loop's thread: for socket options, addresses
    /// and counts.
    ///
    /// ```swift
    /// try await stream.withTransport { try $0.setKeepAlive(after: .seconds(60)) }
    /// ```
    ///
    /// To write on it, or to put another protocol in charge, breaks the stream.
    public nonisolated(nonsending) func withTransport<R: Sendable>(
        _ body: @Sendable (Transport) throws -> R
    ) async throws -> R {
        guard isOnThread else { return try await loop.visit { try await self.withTransport(body) } }
        return try body(transport)
    }

    /// The address of this side; nil for a pipe. Stays readable after the end. From another thread
    /// than the loop's it takes a hop, because the socket is asked.
    ///
    /// Stands for `uv_tcp_getsockname`, `uv_pipe_getsockname`.
    public nonisolated(nonsending) var localAddress: SocketAddress? {
        get async {
            if isOnThread { return transport.localAddress }
            return await visitForLocalAddress(loop)
        }
    }

    private func visitForLocalAddress(_ loop: isolated EventLoop) -> SocketAddress? {
        transport.localAddress
    }

    /// The address of the peer; nil for a pipe. Peers that connect to a Unix-domain socket mostly
    /// have no name. Stays readable after the end.
    ///
    /// Stands for `uv_tcp_getpeername`, `uv_pipe_getpeername`.
    public var remoteAddress: SocketAddress? {
        // Sound on any thread: it is set before there is a stream, and never again.
        transport.remoteAddress
    }
}
