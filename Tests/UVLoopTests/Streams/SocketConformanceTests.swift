import StreamConformance
import Testing
import UVLoop

/// Streams over sockets under the suite that every stream passes: on their loop's thread and off
/// it.
@Suite struct SocketConformanceTests {
    /// A loop for all pairs, on a thread of its own.
    static let thread = try! EventLoopThread(name: "conformance")

    /// Two streams, connected over TCP.
    static func tcpPair() async throws -> (SocketStream, SocketStream) {
        try await connected(over: .ip("127.0.0.1", port: 0))
    }

    private static func connected(
        over endpoint: Endpoint
    ) async throws -> (SocketStream, SocketStream) {
        let listener = try await thread.loop.listen(on: endpoint)
        async let accepted = listener.accept()
        let first = try await thread.loop.connect(to: .address(listener.addresses[0]))
        guard let second = try await accepted else { throw StreamError.closed }
        await listener.close()
        return (first, second)
    }

    /// Puts more into both directions than the systems' buffers can hold, past the streams: a sender
    /// has to wait until the peer has received nearly all of it.
    static func clogged(
        _ pair: (SocketStream, SocketStream)
    ) async throws -> (SocketStream, SocketStream) {
        for stream in [pair.0, pair.1] {
            // Some peers here never read again.
            try await stream.setCloseTimeout(.seconds(1))
            try await stream.setReceiveLimit(1)
            try await stream.withTransport {
                try $0.setSendBufferSize(16_384)
                try $0.setReceiveBufferSize(16_384)
                try $0.setWriteBufferLimits(low: 0, high: 0)
            }
        }
        for stream in [pair.0, pair.1] {
            try await stream.withTransport {
                try $0.write([UInt8](repeating: 1, count: 1 << 20))
                if !$0.isWritingPaused { throw StreamError.timedOut }
            }
        }
        return pair
    }

    static let suite = StreamSuite(
        pair: { try await tcpPair() }, cloggedPair: { try await clogged(tcpPair()) })

    @Test(arguments: suite.checks)
    func tcpOffTheLoop(_ check: StreamCheck) async throws { try await check.run() }
}
