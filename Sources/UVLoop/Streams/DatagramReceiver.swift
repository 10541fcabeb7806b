/// The protocol of a ``DatagramSocket``: keeps what has come until somebody receives it, and what
/// the network has said. Belongs to the loop's thread.
final class DatagramReceiver: DatagramProtocol {
    private let limits: DatagramSocket.ReceiveLimits
    private(set) var queue = Fifo<Datagram>()
    private var queuedByteCount = 0
    /// What the network said last, if nobody has been told yet: as the system keeps it itself.
    private(set) var error: UVError?
    private var transport: DatagramTransport?
    private var isOver = false

    // Waiting.
    let arrival = WaitingRoom()
    /// What the task that waits is told instead of a datagram.
    private var refusal: (any Error)?
    private let end = WaiterList()
    private var isReceiving = false
    /// The memory of the task that waits, if it has brought some.
    private var destination: UnsafeMutableRawBufferPointer?
    /// What has been put into it.
    private var delivered: DatagramSocket.Received?

    init(_ limits: DatagramSocket.ReceiveLimits) {
        self.limits = limits
    }

    // MARK: For the socket

    /// The transport, if the socket can be used; every operation begins with this.
    ///
    /// - Throws: `CancellationError`, ``StreamError/closed``.
    func openTransport() throws -> DatagramTransport {
        try Task.checkCancellation()
        guard let transport, !transport.isClosed else { throw StreamError.closed }
        return transport
    }

    /// Calls `body` with the transport.
    func withTransport<R: Sendable>(
        on loop: isolated EventLoop, _ body: @Sendable (DatagramTransport) throws -> R
    ) throws -> R {
        try body(try openTransport())
    }

    /// The next datagram.
    func receive(on loop: isolated EventLoop, _ timeout: Duration?) async throws -> Datagram {
        try await receiving(loop, timeout) { self.takeFirst() }
    }

    /// The next datagram, in the caller's memory.
    func receive(
        on loop: isolated EventLoop, into memory: UnsafeMutableRawBufferPointer,
        _ timeout: Duration?
    ) async throws -> DatagramSocket.Received {
        try await receiving(loop, timeout, into: memory) {
            if let delivered = self.delivered.take() { return delivered }
            guard let datagram = self.takeFirst() else { return nil }
            return datagram.bytes.withUnsafeBytes {
                Self.copy($0, from: datagram.sender, datagram.isTruncated, to: memory)
            }
        }
    }

    /// Takes what `take` finds, or waits for it. Who is cancelled while it waits has taken nothing.
    private func receiving<R>(
        _ loop: isolated EventLoop, _ timeout: Duration?,
        into memory: UnsafeMutableRawBufferPointer? = nil, _ take: () -> R?
    ) async throws -> R {
        _ = try openTransport()
        guard !isReceiving else { throw StreamError.busy }
        isReceiving = true
        defer { isReceiving = false }
        try throwError()
        if let found = take() { return found }
        destination = memory
        defer { destination = nil }
        switch await arrival.wait(on: loop, until: SocketStream.deadline(timeout)) {
        case .woken:
            if let refusal = refusal.take() { throw refusal }
            // Nobody else takes anything meanwhile.
            return take()!
        case .cancelled: throw CancellationError()
        case .timedOut: throw StreamError.timedOut
        }
    }

    /// Lets the task that waits go on, if there is one: with a datagram, or with an error.
    private func endWait(_ error: (any Error)? = nil) {
        guard let transport, arrival.isOccupied else { return }
        refusal = error
        arrival.wake(transport.loop.core)
    }

    /// Throws what the network has said, once.
    func throwError() throws {
        if let error = error.take() { throw error }
    }

    private func takeFirst() -> Datagram? {
        guard let datagram = queue.takeFirst() else { return nil }
        queuedByteCount -= datagram.bytes.count
        if let transport, transport.isReadingPaused, hasRoomAgain { transport.resumeReading() }
        return datagram
    }

    private var hasRoomAgain: Bool {
        queue.count <= limits.datagrams / 2 && queuedByteCount <= limits.bytes / 2
    }

    /// Closes, and returns when that is done.
    func close(on loop: isolated EventLoop) async throws {
        guard let transport, !isOver else { return try Task.checkCancellation() }
        transport.close()
        endWait(StreamError.closed)
        do {
            try await end.wait(on: loop)
        } catch {
            abort()
            throw error
        }
    }

    func abort() {
        transport?.abort()
        endWait(StreamError.closed)
    }

    // MARK: The protocol

    func connectionMade(_ transport: DatagramTransport) {
        self.transport = transport
    }

    func datagramReceived(_ bytes: RawSpan, from sender: SocketAddress) {
        bytes.withUnsafeBytes { received($0, from: sender, isTruncated: false) }
    }

    func truncatedDatagramReceived(_ bytes: RawSpan, from sender: SocketAddress) {
        bytes.withUnsafeBytes { received($0, from: sender, isTruncated: true) }
    }

    private func received(
        _ bytes: UnsafeRawBufferPointer, from sender: SocketAddress, isTruncated: Bool
    ) {
        if let destination, arrival.isOccupied {
            delivered = Self.copy(bytes, from: sender, isTruncated, to: destination)
        } else {
            queue.append(Datagram([UInt8](bytes), from: sender, isTruncated: isTruncated))
            queuedByteCount += bytes.count
            if queue.count >= limits.datagrams || queuedByteCount >= limits.bytes {
                transport?.pauseReading()
            }
        }
        endWait()
    }

    private static func copy(
        _ bytes: UnsafeRawBufferPointer, from sender: SocketAddress, _ isTruncated: Bool,
        to memory: UnsafeMutableRawBufferPointer
    ) -> DatagramSocket.Received {
        let count = min(bytes.count, memory.count)
        memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        return DatagramSocket.Received(
            byteCount: count, sender: sender, isTruncated: isTruncated || count < bytes.count)
    }

    func errorReceived(_ error: UVError) {
        if arrival.isOccupied { endWait(error) } else { self.error = error }
    }

    func connectionLost(_ error: (any Error)?) {
        isOver = true
        endWait(StreamError.closed)
        if let transport { end.resumeAll(transport.loop.core) }
    }
}
