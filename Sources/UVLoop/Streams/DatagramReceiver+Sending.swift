extension DatagramReceiver {
    /// Sends a datagram, and waits if the system has no room.
    func send(
        on loop: isolated EventLoop, _ bytes: some ByteContainer, to address: SocketAddress?,
        _ timeout: Duration?
    ) async throws {
        let transport = try openTransport()
        try throwError()
        guard try !transport.sendNow(bytes, to: address) else { return }
        let batch = DatagramBatch(1, on: loop)
        transport.queueUp(CollectionOfOne(bytes), to: address) { batch.oneEnded($0) }
        if let error = try await batch.end(SocketStream.deadline(timeout)) { throw error }
    }

    /// Sends several, also if some cannot be sent.
    func sendAll(
        on loop: isolated EventLoop, _ datagrams: [some ByteContainer], to address: SocketAddress?,
        _ timeout: Duration?
    ) async throws {
        _ = try openTransport()
        try throwError()
        let deadline = SocketStream.deadline(timeout)
        var firstError: (any Error)?
        var rest = datagrams[...]
        repeat {
            let transport = try openTransport()
            try transport.checkCanSend(to: address)
            let next = rest.prefix(DatagramBatch.largest)
            guard !next.isEmpty else { break }
            rest = rest.dropFirst(next.count)
            let batch = DatagramBatch(next.count, on: loop)
            transport.queueUp(next, to: address) { batch.oneEnded($0) }
            let error = try await batch.end(deadline)
            firstError = firstError ?? error
        } while !rest.isEmpty
        if let firstError { throw firstError }
    }
}

/// Datagrams that were queued together, and the task that waits until the system has taken them.
/// Belongs to the loop's thread.
private final class DatagramBatch {
    /// Enough for ten system calls, and little enough to queue at a time.
    static let largest = 10 * DatagramCallbacks.batch

    private let loop: EventLoop
    private var left: Int
    private var firstError: (any Error)?
    private let room = WaitingRoom()

    init(_ count: Int, on loop: EventLoop) {
        self.loop = loop
        left = count
    }

    func oneEnded(_ error: UVError?) {
        left -= 1
        if let error, firstError == nil {
            firstError = error == .canceled ? StreamError.closed : error
        }
        if left == 0 { room.wake(loop.core) }
    }

    /// Waits until all have ended, and returns the first error that there was.
    ///
    /// - Throws: ``StreamError/timedOut``, `CancellationError`.
    nonisolated(nonsending) func end(_ deadline: EventLoop.Instant?) async throws -> (any Error)? {
        switch await room.wait(on: loop, until: deadline) {
        case .woken: return firstError
        case .cancelled: throw CancellationError()
        case .timedOut: throw StreamError.timedOut
        }
    }
}
