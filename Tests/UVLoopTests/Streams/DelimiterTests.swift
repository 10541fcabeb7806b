import Testing

@testable import UVLoop

/// Receiving until a delimiter, and lines.
@Suite(.timeLimit(.minutes(1)))
struct DelimiterTests {
    /// Sends the text in pieces, each when the receiver waits and the one before has come.
    private static func feed(
        _ loop: EventLoop, _ stream: SocketStream, _ peer: RawSocket, _ pieces: [String]
    ) -> Task<Void, any Error> {
        loop.spawn { _ in
            var sent = stream.transport.receivedByteCount
            for piece in pieces {
                try await stream.receiverWaits(stream.loop)
                try peer.send(piece)
                sent += piece.utf8.count
                try await until(stream.loop) { stream.transport.receivedByteCount == sent }
            }
            peer.endWriting()
        }
    }

    /// A delimiter that begins with what looks like itself, cut at every place.
    @Test(arguments: 1...11)
    func splitOverSegments(_ pieceSize: Int) async throws {
        try await withStream { loop, stream, peer in
            let text = Array("aaabaaaaab|aabaaab")
            let pieces = stride(from: 0, to: text.count, by: pieceSize).map {
                String(text[$0..<min($0 + pieceSize, text.count)])
            }
            let feeder = Self.feed(loop, stream, peer, pieces)
            var found: [String] = []
            while let part = try await stream.receive(until: "aaab") {
                found.append(String(decoding: part, as: UTF8.self))
            }
            #expect(found == ["aaab", "aaaaab", "|aabaaab"])
            try await feeder.value
        }
    }

    @Test func anExcessLosesNothing() async throws {
        try await withStream { loop, stream, peer in
            let feeder = Self.feed(loop, stream, peer, ["abc", "defg", "h\nrest\n"])
            await expect(.tooLong(limit: 5)) { try await stream.receive(until: "\n", limit: 5) }
            await expect(.tooLong(limit: 5)) { try await stream.receive(until: "\n", limit: 5) }
            await expect(.tooLong(limit: 5)) { try await stream.receiveLine(limit: 5) }
            await expect(.tooLong(limit: 8)) { try await stream.receive(until: "\n", limit: 8) }
            // The delimiter itself counts.
            #expect(
                try await stream.receive(until: "\n", limit: 9) == Array("abcdefgh\n".utf8))
            #expect(try await stream.receiveLine(limit: 5) == "rest")
            try await feeder.value
        }
    }

    @Test func aDelimiterThatIsThereIsFoundOnlyWithinTheLimit() async throws {
        try await withStream { loop, stream, peer in
            try peer.send("0123456789--after")
            try await stream.hasReadAhead(17, loop)
            for limit in 2...11 {
                await expect(.tooLong(limit: limit)) {
                    try await stream.receive(until: "--", limit: limit)
                }
            }
            #expect(try await stream.receive(until: "--", limit: 12)?.count == 12)
            #expect(try await stream.receive() == Array("after".utf8))
        }
    }

    @Test func linesOfEveryKind() async throws {
        try await withStream { loop, stream, peer in
            let bytes =
                Array("plain\ncrlf\r\n\n\r\nlone\rreturn\ntwo\r\r\n".utf8) + [0xFF, 0x41, 10]
                + Array("grün\u{1F600}\r\nlast\r".utf8)
            try peer.send(bytes)
            peer.endWriting()
            var lines: [String] = []
            for try await line in stream.lines { lines.append(line) }
            #expect(
                lines == [
                    "plain", "crlf", "", "", "lone\rreturn", "two\r", "\u{FFFD}A",
                    "grün\u{1F600}", "last\r",
                ])
        }
    }

    @Test func linesByteForByte() async throws {
        try await withStream { loop, stream, peer in
            let text = "one\r\ntwo\n\nthree"
            let feeder = Self.feed(loop, stream, peer, text.unicodeScalars.map { String($0) })
            var lines: [String] = []
            for try await line in stream.lines(limit: 10) { lines.append(line) }
            #expect(lines == ["one", "two", "", "three"])
            try await feeder.value
        }
    }

    @Test func aLongLineFitsIntoItsLimit() async throws {
        try await withStream { loop, stream, peer in
            let size = 500_000
            let line = String(repeating: "x", count: size)
            let sending = Task { try await offThread { try peer.send(line + "\n" + line + "\n") } }
            await expect(.tooLong(limit: 65_536)) { try await stream.receiveLine() }
            await expect(.tooLong(limit: size)) { try await stream.receiveLine(limit: size) }
            #expect(try await stream.receiveLine(limit: size + 1) == line)
            #expect(try await stream.receive(until: "\n", limit: .max)?.count == size + 1)
            try await sending.value
        }
    }

    /// A byte for each system call would be a thousand times as many.
    @Test func aLongLineIsReadInLargePieces() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let (stream, peer) = try await loop.streamAndPeer()
                try await stream.setReceiveLimit(4_096)
                let size = 200_000
                let line = String(repeating: "x", count: size) + "\n"
                let sending = Task { try await offThread { try peer.send(line) } }
                let before = readCallCount()
                let received = try await stream.receive(until: "\n", limit: .max)
                precondition(received?.count == size + 1)
                let calls = readCallCount() - before
                precondition(calls < 20_000, "\(calls) system calls")
                try await sending.value
                stream.abort()
                peer.close()
            }
        }
    }

    @Test func delimitersOfEveryContainer() async throws {
        try await withStream { loop, stream, peer in
            try peer.send("a;b;c;d;e;")
            try await stream.hasReadAhead(10, loop)
            let array: [UInt8] = [0x3B]
            let expected = ["a;", "b;", "c;", "d;", "e;"].map { Array($0.utf8) }
            var received: [[UInt8]?] = []
            received.append(try await stream.receive(until: array))
            received.append(try await stream.receive(until: array[...]))
            received.append(try await stream.receive(until: ";" as StaticString))
            received.append(try await stream.receive(until: "x;".dropFirst()))
            received.append(try await stream.receive(until: ContiguousArray(array)))
            #expect(received == expected)
        }
    }
}
