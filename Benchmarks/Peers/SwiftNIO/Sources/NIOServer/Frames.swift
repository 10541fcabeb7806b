import NIOCore

enum FrameError: Error {
    case tooLong
}

/// Finds frames of a 4-byte big-endian length and a payload in the buffers that are received. A
/// frame that comes whole stays where it is; others are put together, with room for all of them.
struct FrameReader {
    private static let longestPayload = 64 << 20
    private var kept = ByteBuffer()

    /// Reads what has come, and appends the length of each frame that is complete.
    mutating func read(_ received: ByteBuffer, answers: inout ByteBuffer) throws {
        guard kept.readableBytes > 0 else {
            var rest = received
            let missing = try Self.readFrames(&rest, &answers)
            if rest.readableBytes > 0 { keep(rest, missing: missing) }
            return
        }
        var received = received
        kept.writeBuffer(&received)
        let missing = try Self.readFrames(&kept, &answers)
        if kept.readableBytes == 0 {
            kept.clear()
        } else {
            kept.discardReadBytes()
            kept.reserveCapacity(minimumWritableBytes: missing)
        }
    }

    private mutating func keep(_ rest: ByteBuffer, missing: Int) {
        var rest = rest
        kept.reserveCapacity(rest.readableBytes + missing)
        kept.writeBuffer(&rest)
    }

    /// - Returns: how many bytes are missing of the last frame.
    private static func readFrames(
        _ buffer: inout ByteBuffer, _ answers: inout ByteBuffer
    ) throws -> Int {
        while let header = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) {
            guard header <= longestPayload else { throw FrameError.tooLong }
            let size = 4 + Int(header)
            guard buffer.readableBytes >= size else { return size - buffer.readableBytes }
            // The payload: the bytes after the header, in one piece.
            buffer.moveReaderIndex(forwardBy: size)
            answers.writeInteger(header)
        }
        return 0
    }
}
