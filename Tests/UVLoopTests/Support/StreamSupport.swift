import Testing

@testable import UVLoop

/// Runs a test's body with a stream and its raw peer, on a loop with a thread of its own.
///
/// - Parameter closesPeer: false for a body that closes or resets the peer itself.
@discardableResult
func withStream<R: Sendable>(
    receiveBuffer: Int? = nil, closesPeer: Bool = true,
    _ body: @escaping @Sendable (isolated EventLoop, SocketStream, RawSocket) async throws -> R
) async throws -> R {
    try await onLoop { loop in
        let (stream, peer) = try await loop.streamAndPeer(receiveBuffer: receiveBuffer)
        defer {
            stream.abort()
            if closesPeer { peer.close() }
        }
        return try await body(loop, stream, peer)
    }
}

extension EventLoop {
    /// A stream, and the raw socket at its other end.
    func streamAndPeer(receiveBuffer: Int? = nil) async throws -> (SocketStream, RawSocket) {
        let listener = try await listen(on: .address(.anyPortIPv4))
        let peer = try RawSocket.connect(
            to: listener.addresses[0], receiveBuffer: receiveBuffer)
        while let stream = try await listener.accept() {
            if stream.remoteAddress == peer.localAddress { return (stream, peer) }
            // A stranger, who wanted whoever had this port before.
            stream.abort()
        }
        throw Mishap("the listener has closed")
    }

    /// Two streams that are connected with each other.
    func tcpStreamPair() async throws -> (SocketStream, SocketStream) {
        let listener = try await listen(on: .address(.anyPortIPv4))
        let one = try await connect(to: .address(listener.addresses[0]))
        let address = try await one.withTransport { $0.localAddress }
        while let other = try await listener.accept() {
            if other.remoteAddress == address { return (one, other) }
            other.abort()
        }
        throw Mishap("the listener has closed")
    }
}

extension SocketStream {
    /// Waits until a task waits for bytes. On the loop's thread.
    func receiverWaits(
        _ loop: isolated EventLoop, place: SourceLocation = #_sourceLocation
    ) async throws {
        try await until(loop, place: place) { self.core.receiver.isOccupied }
    }

    /// Waits until a task waits for room. On the loop's thread.
    func senderWaits(
        _ loop: isolated EventLoop, place: SourceLocation = #_sourceLocation
    ) async throws {
        try await until(loop, place: place) { self.core.sender?.isOccupied == true }
    }

    /// Waits until so many bytes have been read ahead. On the loop's thread.
    func hasReadAhead(
        _ count: Int, _ loop: isolated EventLoop, place: SourceLocation = #_sourceLocation
    ) async throws {
        try await until(loop, place: place) { self.core.availableCount >= count }
    }

    /// Waits until the peer's end has come. On the loop's thread.
    func hasSeenEnd(
        _ loop: isolated EventLoop, place: SourceLocation = #_sourceLocation
    ) async throws {
        try await until(loop, place: place) { self.core.hasReadEnd }
    }

    /// Sends until a send would have to wait, for as long as the peer does not read. On the loop's
    /// thread.
    func clog(
        with piece: [UInt8] = [UInt8](repeating: 1, count: 65_536)
    ) async throws {
        try await withTransport { transport in
            // Left to itself, the system enlarges its buffer when it hears from the peer: a moment
            // later it takes what is queued after all.
            try transport.setSendBufferSize(16_384)
            // Far more than the two systems may still take.
            while transport.bufferedByteCount < 400_000 { try transport.write(piece) }
        }
    }
}

/// Bytes of which every stretch is different, so that none can be lost, doubled or exchanged
/// unseen.
func pattern(_ range: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
        patternTable.withUnsafeBytes { table in
            while filled < range.count {
                let place = (range.lowerBound + filled) % table.count
                let count = min(table.count - place, range.count - filled)
                UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]
                )
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: table[place..<place + count]))
                filled += count
            }
        }
    }
}

private let patternTable: [UInt8] = {
    var generator = SeededGenerator(seed: 1)
    return generator.bytes(1_000_003)
}()

/// As ``pattern(_:)`` from 0.
func pattern(_ count: Int) -> [UInt8] { pattern(0..<count) }

/// The error that an operation throws; nil if it throws none.
nonisolated(nonsending) func failure<R>(
    of operation: nonisolated(nonsending) () async throws -> R
) async -> (any Error)? {
    do {
        _ = try await operation()
        return nil
    } catch {
        return error
    }
}

/// Whether an operation throws this error of streams.
nonisolated(nonsending) func expect<R>(
    _ expected: StreamError, place: SourceLocation = #_sourceLocation,
    _ operation: nonisolated(nonsending) () async throws -> R
) async {
    let error = await failure(of: operation)
    #expect(
        error as? StreamError == expected, "\(String(describing: error))", sourceLocation: place)
}

/// Whether an operation throws `CancellationError`.
nonisolated(nonsending) func expectCancelled<R>(
    place: SourceLocation = #_sourceLocation,
    _ operation: nonisolated(nonsending) () async throws -> R
) async {
    let error = await failure(of: operation)
    #expect(error is CancellationError, "\(String(describing: error))", sourceLocation: place)
}
