import UVLoop

/// The longest payload that is taken.
private let longestPayload = 64 << 20

enum FrameError: Error {
    case tooLong
}

/// Takes frames of a 4-byte big-endian length and a payload, and answers each with its length. The
/// payload lies in one contiguous buffer, where the socket was read into.
///
/// It reads ahead: header and payload come in one read if they are there.
final class BufferedFrames: BufferedProtocol {
    /// Room beyond the frame: a read that fills its buffer would be followed by one in vain.
    private static let slack = 64
    private unowned(unsafe) var transport: Transport!
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private var filled = 0

    deinit { memory.deallocate() }

    func connectionMade(_ transport: Transport) { self.transport = transport }

    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
    }

    func bufferUpdated(_ count: Int) throws {
        filled += count
        var start = 0
        while filled - start >= 4 {
            let header = UnsafeRawBufferPointer(rebasing: memory[start..<(start + 4)])
            let length = try payloadLength(header)
            let end = start + 4 + length
            if end > filled {
                makeRoom(for: 4 + length)
                break
            }
            // The payload: memory[(start + 4)..<end].
            try transport.write(header)
            start = end
        }
        if start > 0 {
            if filled > start { memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[start..<filled])) }
            filled -= start
        }
    }

    private func makeRoom(for size: Int) {
        guard size + Self.slack > memory.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: size + Self.slack, alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<filled]))
        memory.deallocate()
        memory = larger
    }
}

/// The same from chunks of the loop's memory, which are put together.
final class PlainFrames: PlainProtocol {
    private unowned(unsafe) var transport: Transport!
    private var received: [UInt8] = []

    func connectionMade(_ transport: Transport) { self.transport = transport }

    func dataReceived(_ data: RawSpan) throws {
        data.withUnsafeBytes { received.append(contentsOf: $0) }
        var start = 0
        try received.withUnsafeBytes { bytes in
            while bytes.count - start >= 4 {
                let header = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + 4)])
                let end = start + 4 + (try payloadLength(header))
                guard end <= bytes.count else { break }
                // The payload: bytes[(start + 4)..<end].
                try transport.write(header)
                start = end
            }
        }
        if start == received.count {
            received.removeAll(keepingCapacity: true)
        } else if start > 0 {
            received.removeFirst(start)
        }
    }
}

private func payloadLength(_ header: UnsafeRawBufferPointer) throws -> Int {
    let length = Int(UInt32(bigEndian: header.loadUnaligned(as: UInt32.self)))
    guard length <= longestPayload else { throw FrameError.tooLong }
    return length
}
