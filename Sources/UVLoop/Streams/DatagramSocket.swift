/// A UDP socket for tasks: sends and receives with `await`, from any task.
///
/// ```swift
/// let socket = try await loop.datagramSocket(boundTo: .ip("127.0.0.1", port: 0))
/// for try await datagram in socket {
///     try await socket.send(datagram.bytes, to: datagram.sender)
/// }
/// ```
///
/// Made by `EventLoop.datagramSocket`. On the loop's thread a call runs directly, elsewhere it hops
/// there once. A socket that nobody refers to any more is closed.
///
/// **Receiving.** What comes is kept until somebody receives it, within the ``ReceiveLimits``;
/// beyond them the system keeps what its own buffer holds, and drops what comes then:
/// ``droppedDatagramCount()`` tells how many. One task receives at a time; a second one gets
/// ``StreamError/busy``.
///
/// **Sending.** Any number of tasks may send. Sending waits until the system has room.
///
/// **Errors.** No error of the network closes the socket. What the network says about a datagram
/// that was sent earlier, such as ``UVError/connectionRefused`` to a connected socket, is thrown
/// once, by the receive or send that waits or comes next; as the system does, only the last one is
/// kept.
///
/// Every operation is a cancellation point: in a cancelled task it throws `CancellationError`.
/// Operations that wait when the socket is closed, and all that come later, throw
/// ``StreamError/closed``. Time-outs throw ``StreamError/timedOut``.
public final class DatagramSocket: Sendable {
    /// How much is kept that nobody has received yet. When either is reached, nothing more is taken
    /// from the system until half of it is free.
    public struct ReceiveLimits: Sendable, Hashable {
        /// How many datagrams, at least 1; 256 at first.
        public var datagrams = 256
        /// How many bytes, at least 1; 1 MiB at first.
        public var bytes = 1_048_576

        /// The limits as they are at first.
        public init() {}
    }

    /// What is known of a datagram that was received into the caller's memory.
    public struct Received: Sendable, Hashable {
        /// How many bytes of the memory it fills.
        public let byteCount: Int
        /// Where it came from: an answer goes there.
        public let sender: SocketAddress
        /// Whether it was longer than the memory, or than 64 KiB, and the rest is lost.
        public let isTruncated: Bool
    }

    /// The loop that the socket lives on.
    public let loop: EventLoop
    /// The address of this side, with the port that the system chose where 0 was asked for.
    public let localAddress: SocketAddress
    /// The peer that the socket is connected to, if it is.
    public let remoteAddress: SocketAddress?
    // Sound: only used in functions that are isolated to the loop, or posted there.
    nonisolated(unsafe) let receiver: DatagramReceiver

    init(_ transport: DatagramTransport, _ receiver: DatagramReceiver) {
        loop = transport.loop
        localAddress = transport.localAddress
        remoteAddress = transport.remoteAddress
        self.receiver = receiver
    }

    deinit {
        abort()
    }

    // MARK: Receiving

    /// Waits for a datagram; empty ones are datagrams, too.
    ///
    /// - Parameter timeout: how long; nil for as long as it takes.
    /// - Throws: ``StreamError/busy``, ``StreamError/closed``, ``StreamError/timedOut``;
    ///   ``UVError``, after which the socket goes on; `CancellationError`, which loses no datagram.
    public nonisolated(nonsending) func receive(
        timeout: Duration? = nil
    ) async throws -> Datagram {
        try await receiver.receive(on: loop, timeout)
    }

    /// Waits for a datagram and puts it into the caller's memory.
    ///
    /// - Parameters:
    ///   - memory: has to be there until this returns. What does not fit is lost, and
    ///     ``Received/isTruncated`` tells.
    ///   - timeout: how long; nil for as long as it takes.
    /// - Throws: as ``receive(timeout:)``.
    public nonisolated(nonsending) func receive(
        into memory: UnsafeMutableRawBufferPointer, timeout: Duration? = nil
    ) async throws -> Received {
        // Sound: the caller waits here while it is used.
        nonisolated(unsafe) let memory = memory
        return try await receiver.receive(on: loop, into: memory, timeout)
    }

    /// How many datagrams the system has dropped so far because nobody received them in time; nil
    /// where it does not tell.
    ///
    /// - Throws: ``StreamError/closed``, `CancellationError`.
    public nonisolated(nonsending) func droppedDatagramCount() async throws -> Int? {
        try await withTransport { $0.droppedDatagramCount }
    }

    // MARK: Sending

    /// Sends a datagram, which may be empty. Returns when the system has taken it.
    ///
    /// - Parameters:
    ///   - bytes: at most 65,507 over IPv4.
    ///   - address: where to; nil for the peer of a connected socket, which has no other.
    ///   - timeout: how long to wait for room; nil for as long as it takes.
    /// - Throws: ``UVError`` if it was not sent, such as ``UVError/messageTooLong``; the socket
    ///   goes on. ``StreamError/closed``. ``StreamError/timedOut`` and `CancellationError`: if
    ///   those come while it waits, it may be sent all the same.
    public nonisolated(nonsending) func send(
        _ bytes: some ByteContainer & Sendable, to address: SocketAddress? = nil,
        timeout: Duration? = nil
    ) async throws {
        try await receiver.send(on: loop, bytes, to: address, timeout)
    }

    /// Sends several datagrams to the same address, in order, up to twenty with one system call.
    /// Returns when the system has taken all.
    ///
    /// - Throws: as ``send(_:to:timeout:)``. If some could not be sent, the others are, and the
    ///   first error is thrown at the end.
    public nonisolated(nonsending) func sendAll(
        _ datagrams: [some ByteContainer & Sendable], to address: SocketAddress? = nil,
        timeout: Duration? = nil
    ) async throws {
        try await receiver.sendAll(on: loop, datagrams, to: address, timeout)
    }

    // MARK: Ending

    /// Closes the socket once what is being sent has been taken by the system. Always closes; a
    /// cancelled task closes at once. Idempotent.
    ///
    /// - Throws: `CancellationError`, though the socket is closed, or about to be, even then.
    public nonisolated(nonsending) func close() async throws {
        try await receiver.close(on: loop)
    }

    /// Closes the socket at once. Idempotent, from any thread.
    public func abort() {
        if loop.isOnThread {
            receiver.abort()
        } else {
            // Sound: passed on to the loop's thread. A closed loop has closed the socket.
            nonisolated(unsafe) let receiver = receiver
            try? loop.execute { _ in receiver.abort() }
        }
    }
}

extension DatagramSocket: AsyncSequence {
    /// Receives one datagram after the other, until the socket is closed.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let socket: DatagramSocket

        /// As ``DatagramSocket/receive(timeout:)``, but nil once the socket is closed on this side.
        public mutating func next() async throws -> Datagram? {
            try await next(isolation: nil)
        }

        /// As ``DatagramSocket/receive(timeout:)``, but nil once the socket is closed on this side.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> Datagram? {
            do {
                return try await socket.receive()
            } catch StreamError.closed {
                return nil
            }
        }
    }

    /// Iterates over what comes: for one task, like ``receive(timeout:)``.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(socket: self) }
}
