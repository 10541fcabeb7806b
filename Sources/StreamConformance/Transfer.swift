import UVLoop

extension Trial {
    /// Receives once. What comes has to be there, and no more than was asked for.
    func receive(
        upTo limit: Int = 65_536, from receiver: any ReceiveStream,
        line: Int = #line, fileID: String = #fileID
    ) async throws -> [UInt8]? {
        let bytes = try await value(of: "receive(upTo: \(limit))", line: line, fileID: fileID) {
            try await receiver.receive(upTo: limit)
        }
        if let bytes {
            try expect(
                !bytes.isEmpty && bytes.count <= limit, "1 to \(limit) bytes",
                but: "\(bytes.count) came", line: line, fileID: fileID)
        }
        return bytes
    }

    /// Receives as often as it takes to get exactly these bytes.
    func expectBytes(
        _ expected: [UInt8], from receiver: any ReceiveStream, upTo limit: Int = 65_536,
        line: Int = #line, fileID: String = #fileID
    ) async throws {
        var received: [UInt8] = []
        while received.count < expected.count {
            let left = min(limit, expected.count - received.count)
            guard
                let bytes = try await receive(
                    upTo: left, from: receiver, line: line, fileID: fileID)
            else { break }
            received += bytes
        }
        try expectSame(received, expected, line: line, fileID: fileID)
    }

    /// Receives the end of the stream.
    func expectEnd(
        of receiver: any ReceiveStream, line: Int = #line, fileID: String = #fileID
    ) async throws {
        let bytes = try await receive(from: receiver, line: line, fileID: fileID)
        try expect(
            bytes == nil, "the end of the stream", but: "\(bytes?.count ?? 0) bytes came",
            line: line, fileID: fileID)
    }

    /// Receives what comes before the end.
    func receiveToEnd(
        from receiver: any ReceiveStream, line: Int = #line, fileID: String = #fileID
    ) async throws -> [UInt8] {
        try await value(of: "receive until the end", line: line, fileID: fileID) {
            try await self.drain(receiver, fileID, line)
        }
    }

    /// Starts to receive until the stream has ended one way or the other.
    func startDraining(
        _ receiver: any ReceiveStream, line: Int = #line, fileID: String = #fileID
    ) -> Started<[UInt8]> {
        start("receive until the end") { try await self.drain(receiver, fileID, line) }
    }

    private func drain(
        _ receiver: any ReceiveStream, _ fileID: String, _ line: Int
    ) async throws -> [UInt8] {
        // A wrong stream may never end; it shall neither fill the memory nor keep a thread.
        let bound = 1 << 24
        var received: [UInt8] = []
        while let bytes = try await receiver.receive(upTo: 65_536) {
            try expect(
                !bytes.isEmpty, "bytes or the end", but: "no bytes came", line: line,
                fileID: fileID)
            received += bytes
            try expect(
                received.count < bound, "an end", but: "\(bound) bytes came", line: line,
                fileID: fileID)
            try Task.checkCancellation()
            await Task.yield()
        }
        return received
    }

    /// Sends bytes, receives them, and compares.
    func transfer(
        _ bytes: some ByteContainer & Sendable, over pair: OneWayPair,
        line: Int = #line, fileID: String = #fileID
    ) async throws {
        let sending = start("send") { try await pair.sender.send(bytes) }
        let expected = bytes.withUnsafeBytes { [UInt8]($0) }
        try await expectBytes(expected, from: pair.receiver, line: line, fileID: fileID)
        try await value(of: sending, line: line, fileID: fileID)
    }

    /// Compares what came with what was sent.
    func expectSame(
        _ received: [UInt8], _ expected: [UInt8], line: Int = #line, fileID: String = #fileID
    ) throws {
        guard received != expected else { return }
        let place = zip(received, expected).enumerated().first { $1.0 != $1.1 }?.offset
        try expect(
            false, "the \(expected.count) bytes that were sent",
            but: place.map { "byte \($0) is another" } ?? "\(received.count) bytes came",
            line: line, fileID: fileID)
    }
}

/// Bytes in which a loss, a repetition or an exchange shows.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var source = Sequence64(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        withUnsafeBytes(of: source.next()) { bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// Numbers that look random and are the same in each run (xorshift64).
struct Sequence64: RandomNumberGenerator {
    private var state: UInt64

    /// The seed is not zero.
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
