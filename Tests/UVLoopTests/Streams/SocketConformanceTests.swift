import StreamConformance
import Testing

@testable import UVLoop

/// Streams over sockets under the suite that every stream passes: on their loop's thread and off
/// it.
@Suite struct SocketConformanceTests {
    /// A loop for all pairs, on a thread of its own.
    static let thread = try! EventLoopThread(name: "conformance")

    /// Two streams, connected over TCP.
    static func tcpPair() async throws -> (SocketStream, SocketStream) {
        try await connected(over: .ip("127.0.0.1", port: 0))
    }

    /// Two streams, connected over a Unix-domain socket with a name of its own.
    static func unixPair() async throws -> (SocketStream, SocketStream) {
        try await connected(over: .unix("\0uvloop-conformance-\(UInt64.random(in: 0...(.max)))"))
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

    /// Puts more into both directions than the systems' buffers can hold, past the streams: a
    /// sender has to wait until the peer has received nearly all of it.
    static func clogged(
        _ pair: (SocketStream, SocketStream)
    ) async throws -> (SocketStream, SocketStream) {
        for stream in [pair.0, pair.1] {
            // No load is to cut a close short: what is still under way would be lost.
            try await stream.setCloseTimeout(.seconds(50))
            try await stream.setReceiveLimit(1)
            try await stream.withTransport {
                $0.closeTimeout = .seconds(50)
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

    static let tcpSuite = StreamSuite(
        pair: { try await tcpPair() }, cloggedPair: { try await clogged(tcpPair()) })

    static let unixSuite = StreamSuite(
        pair: { try await unixPair() }, cloggedPair: { try await clogged(unixPair()) })

    static let socketPairSuite = StreamSuite(
        pair: { try await thread.loop.streamPair() },
        cloggedPair: { try await clogged(thread.loop.streamPair()) })

    /// The same, used on the loop's thread.
    static let onTheLoopSuite: StreamSuite = {
        var suite = tcpSuite
        suite.executor = thread.loop.loopTaskExecutor
        return suite
    }()

    static let pipeSuite = StreamSuite(oneWay: {
        let (reading, writing) = try await thread.loop.streamPipe()
        return (writing, reading)
    })

    @Test(arguments: tcpSuite.checks)
    func tcp(_ check: StreamCheck) async throws { try await check.run() }

    @Test(arguments: onTheLoopSuite.checks)
    func tcpOnTheLoop(_ check: StreamCheck) async throws { try await check.run() }

    @Test(arguments: unixSuite.checks)
    func unixSockets(_ check: StreamCheck) async throws { try await check.run() }

    @Test(arguments: socketPairSuite.checks)
    func socketPairs(_ check: StreamCheck) async throws { try await check.run() }

    @Test(arguments: pipeSuite.checks)
    func pipes(_ check: StreamCheck) async throws { try await check.run() }
}
