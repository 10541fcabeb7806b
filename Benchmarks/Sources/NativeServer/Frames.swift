/// Takes frames of a 4-byte big-endian length and a payload, and answers each with its length. The
/// payload lies in one contiguous buffer, where the socket was read into.
///
/// It reads ahead: header and payload come in one read if they are there. Frames that come whole
/// are read into the shared memory; what is left of one that does not, moves to the connection's.
final class FramesConnection: Connection {
    private static let longestPayload = 64 << 20
    /// Frames begin this far into their memory, so that payloads begin on a cache line.
    private static let margin = 60
    /// Room beyond the frame: a read that fills its memory would be followed by one in vain.
    private static let slack = 64
    private var ownMemory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var own = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// How many bytes of an unfinished frame are in `own`.
    private var filled = 0
    private var lastWasLong = false

    deinit { ownMemory.deallocate() }

    private var readsIntoOwn: Bool { filled > 0 || lastWasLong }

    private var sharedPart: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: server.shared[Self.margin...])
    }

    override var space: UnsafeMutableRawBufferPointer {
        readsIntoOwn ? UnsafeMutableRawBufferPointer(rebasing: own[filled...]) : sharedPart
    }

    override func received(_ count: Int) {
        let memory = readsIntoOwn ? own : sharedPart
        let end = filled + count
        var (start, answers, size) = (0, 0, 4)
        while end - start >= 4 {
            let header = memory.loadUnaligned(fromByteOffset: start, as: UInt32.self)
            let payload = Int(UInt32(bigEndian: header))
            guard payload <= Self.longestPayload else { return close() }
            size = 4 + payload
            guard size <= end - start else { break }
            // The payload: memory[(start + 4)..<(start + size)]. Its frame is done with now, so
            // that the answers gather where the frames were.
            memory.storeBytes(of: header, toByteOffset: answers, as: UInt32.self)
            answers += 4
            lastWasLong = size + Self.slack > server.shared.count - Self.margin
            start += size
            size = 4
        }
        if answers > 0 { send(UnsafeRawBufferPointer(rebasing: memory[..<answers])) }
        keep(UnsafeRawBufferPointer(rebasing: memory[start..<end]), of: size)
    }

    /// Makes the beginning of a frame the beginning of `own`, with room for all of the frame.
    private func keep(_ rest: UnsafeRawBufferPointer, of size: Int) {
        filled = rest.count
        guard filled > 0 || lastWasLong else { return }
        if own.count >= size + Self.slack {
            if filled > 0, rest.baseAddress != UnsafeRawPointer(own.baseAddress) {
                own.copyMemory(from: rest)
            }
            return
        }
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.margin + max(size + Self.slack, 65_536), alignment: 64)
        let larger = UnsafeMutableRawBufferPointer(rebasing: memory[Self.margin...])
        larger.copyMemory(from: rest)
        ownMemory.deallocate()
        (ownMemory, own) = (memory, larger)
    }
}
