import CUV

/// A connection with async operations: bytes in both directions, over TCP or a Unix socket.
///
/// One object instead of a reader and a writer, which any task may use. It comes from
/// `EventLoop.connect`, from a ``Listener``, or in a pair:
///
/// ```swift
/// let stream = try await loop.connect(to: .host("example.org", port: 80))
/// try await stream.send("HEAD / HTTP/1.0\r\n\r\n")
/// for try await line in stream.lines { print(line) }
/// try await stream.close()
/// ```
///
/// **Threads.** The stream lives on its loop. A task that runs on the loop's thread calls it
/// directly, any other takes one hop there and one back. One task sends and one receives at a time,
/// which may be two; a further one gets ``StreamError/busy``.
///
/// **Memory.** ``send(_:timeout:)-([UInt8],_)`` returns when the bytes are taken: by the system, or
/// into a queue of at most ``writeBufferLimits``. What comes is read when it is waited for, into
/// memory that all streams share or into the caller's own; what comes while nobody waits is read
/// ahead into a buffer of at most ``receiveLimit``, and then the peer has to wait.
///
/// **Ends.** ``close(timeout:)`` is graceful and always closes, ``abort()`` is not, ``sendEOF()``
/// ends one direction. A stream that nobody refers to any more is aborted.
///
/// **Cancellation and time.** Every operation is a cancellation point and throws
/// `CancellationError` in a cancelled task; a receive that is cancelled or runs out of its
/// `timeout` loses no bytes, a send leaves the sending side done. A timeout costs a timer of the
/// loop and no task.
///
/// **Errors.** ``StreamError``; see there.
///
/// Binds `uv_tcp_t`, `uv_pipe_t`, `uv_stream_t`.
public final class SocketStream: ByteStream {
    // Sound: touched on the loop's thread only, which every operation checks, in release too.
    @usableFromInline nonisolated(unsafe) let core: StreamCore

    /// A stream on a transport whose protocol is the core; it holds both. The transport by the
    /// core's pointer to it: there is one object of these for every connection.
    init(_ core: StreamCore, _ transport: Transport) {
        self.core = core
        core.unmanagedTransport = .passRetained(transport)
    }

    deinit {
        let transport = core.unmanagedTransport.unsafelyUnwrapped.takeRetainedValue()
        let loop = transport.loop
        if loop.isOnThread {
            if !transport.isClosed { transport.abort() }
            return
        }
        // Refused means that the loop is closed and has aborted everything.
        let context = Unmanaged.passRetained(transport)
        let abort: ReadyEntry.Function = {
            Unmanaged<Transport>.fromOpaque($0.unsafelyUnwrapped).takeRetainedValue().abort()
        }
        if !loop.core.inbox.post(.function(abort, context.toOpaque())) { context.release() }
    }

    var transport: Transport { core.transport }

    /// The loop that the stream lives on.
    public var loop: EventLoop { core.withTransport { $0.loop } }

    /// Whether the calling thread may touch the core.
    @inline(__always) var isOnThread: Bool { core.withLoopCore { $0.isOnThread } }

    /// Whether the calling task may touch the core, now and after a wait; see
    /// ``EventLoop/isHome(_:)``.
    @inline(__always)
    func isHome(_ isolation: (any Actor)? = #isolation) -> Bool {
        loop.isHome(isolation)
    }

    /// The instant that a timeout means.
    @inline(__always)
    static func deadline(_ timeout: Duration?) -> EventLoop.Instant? {
        timeout.map { EventLoop.Instant.now.advanced(by: $0) }
    }

    // MARK: Ends

    /// Ends the sending side: the peer receives what was sent, and then the end. Receiving goes on.
    /// Idempotent. Once both sides have ended, the connection closes by itself.
    ///
    /// Binds `uv_shutdown`.
    ///
    /// - Throws: ``StreamError/busy`` while another task sends; ``StreamError/closed`` after
    ///   ``close(timeout:)`` or ``abort()``; ``StreamError/broken(_:)``, also after a send that was
    ///   cut off; `CancellationError`.
    public nonisolated(nonsending) func sendEOF() async throws {
        guard isOnThread else { return try await loop.visit { try await self.sendEOF() } }
        try checkCancellation()
        try core.sendEOF()
    }

    /// Ends the stream gracefully: sends what is queued and the end, waits for the peer's end, and
    /// closes. What the peer sends meanwhile is dropped.
    ///
    /// It always closes: an error means that there was no grace, and that what was sent may be
    /// lost, never that the stream is still open. Operations of other tasks that wait end with
    /// ``StreamError/closed``. Idempotent; who closes again waits as well.
    ///
    /// Binds `uv_shutdown`, `uv_close`.
    ///
    /// - Parameter timeout: for all of it. A peer that has taken everything and only does not end
    ///   its side is waited for as long as this, but at most 5 seconds, and is no error.
    /// - Throws: ``StreamError/broken(_:)`` if the connection fails on the way;
    ///   ``StreamError/timedOut`` if not everything could be sent; ``StreamError/closed`` if the
    ///   stream was aborted, or its loop closed, before that; `CancellationError`: a cancelled task
    ///   closes at once.
    public nonisolated(nonsending) func close(timeout: Duration) async throws {
        guard isHome() else {
            return try await loop.visit { try await self.close(timeout: timeout) }
        }
        try await core.close(within: timeout)
    }

    /// Ends the stream gracefully, within the time of ``setCloseTimeout(_:)``; see
    /// ``close(timeout:)``.
    public nonisolated(nonsending) func close() async throws {
        guard isHome() else { return try await loop.visit { try await self.close() } }
        try await core.close(within: transport.extras?.streamCloseTimeout ?? .seconds(30))
    }

    /// Ends the stream at once, from any thread: what is queued is dropped, operations that wait
    /// end with ``StreamError/closed``. Idempotent.
    ///
    /// Binds `uv_close`.
    public func abort() {
        if isOnThread { return core.abort() }
        // Refused means that the loop is closed, and the stream with it.
        try? loop.execute { _ in self.core.abort() }
    }
}
