import Testing

@testable import UVLoop

/// A receive buffer at work: under a protocol that parses what comes over a socket.
@Suite(.timeLimit(.minutes(1)))
struct ReceiveBufferProtocolTests {
    private struct LineTooLong: Error {}

    /// Collects lines, which end in CRLF.
    private final class LineReader: BufferedProtocol {
        private(set) var lines: [[UInt8]] = []
        private(set) var rest: [UInt8]?
        private(set) var lostError: (any Error)?
        private(set) var largestCapacity = 0
        private var received: ReceiveBuffer
        private var searched = 0

        init(limit: Int) { received = ReceiveBuffer(limit: limit) }

        func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { received.reserve(1) }

        func bufferUpdated(_ count: Int) throws {
            received.commit(count)
            while let end = received.firstIndex(of: "\r\n", from: searched) {
                lines.append(received.take(end))
                received.removeFirst(2)
                searched = 0
            }
            searched = max(0, received.count - 1)
            largestCapacity = max(largestCapacity, received.capacity)
            if received.isFull { throw LineTooLong() }
        }

        func connectionLost(_ error: (any Error)?) {
            lostError = error
            rest = received.takeAll()
        }
    }

    /// Sends the bytes in pieces, from a thread of its own, and then an end of file.
    private func exchange(
        _ pieces: [[UInt8]], with reader: @escaping @Sendable () -> LineReader,
        check: @escaping @Sendable (LineReader) -> Void
    ) async throws {
        try await onLoop { loop in
            let reader = reader()
            let server = try loop.listen(onAddresses: .anyPortIPv4) { reader }
            let peer = try RawSocket.connect(to: server.addresses[0])
            try await offThread {
                // Whoever sends too much is reset in the midst of it.
                for piece in pieces { try? peer.send(piece) }
                peer.endWriting()
            }
            try await until(loop) { reader.rest != nil }
            peer.close()
            server.close()
            try await server.waitClosed()
            check(reader)
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func linesOfEverySizeArrive(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        // Also single carriage returns and line feeds, which are parts of a line.
        let lines = (0..<400).map { _ in
            var line = random.bytes(Int(random.magnitude(bits: 14)))
            for index in line.indices where line[index] % 16 == 0 { line[index] = 13 }
            for index in line.indices where line[index] % 16 == 1 { line[index] = 10 }
            for index in line.indices.dropFirst() where line[index] == 10 {
                if line[index - 1] == 13 { line[index] = 0x58 }
            }
            if line.last == 13 { line.removeLast() }
            return line
        }
        var stream = ArraySlice(lines.flatMap { $0 + [13, 10] } + Array("rest".utf8))
        var pieces: [[UInt8]] = []
        while !stream.isEmpty {
            pieces.append(Array(stream.prefix(1 + Int(random.magnitude(bits: 17)))))
            stream = stream.dropFirst(pieces.last!.count)
        }
        let limit = 20_000
        try await exchange(pieces, with: { LineReader(limit: limit) }) { reader in
            #expect(reader.lines == lines)
            #expect(reader.rest == Array("rest".utf8))
            #expect(reader.lostError == nil)
            #expect(reader.largestCapacity <= 2 * limit)
        }
    }

    @Test func aLineBeyondTheLimitEndsTheConnection() async throws {
        let pieces =
            [Array("first\r\n".utf8)] + (0..<100).map { _ in [UInt8](repeating: 1, count: 1_000) }
        try await exchange(pieces, with: { LineReader(limit: 10_000) }) { reader in
            #expect(reader.lines == [Array("first".utf8)])
            #expect(reader.lostError is LineTooLong)
            #expect(reader.rest == [UInt8](repeating: 1, count: 10_000))
            #expect(reader.largestCapacity <= 20_000)
        }
    }
}
