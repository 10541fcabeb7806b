import UVLoop

/// The longest payload that is taken.
private let longestPayload = 64 << 20

enum FrameError: Error {
    case tooLong
}

/// Takes frames of a 4-byte big-endian length and a payload, and answers each with its length. The
/// payload lies in one contiguous buffer, where the socket was read into.
///
/// It reads ahead: header and payload come in one read if they are there. Frames that come whole
/// are read into the loop's memory, which stays in the processor's cache; what is left of a frame
/// that does not, moves to memory of its own, and the rest is read behind it. After a frame that
/// was too long for the loop's memory, the next is read into its own at once; after one that took
/// several reads, its header by itself, which is less work for the system.
final class BufferedFrames: BufferedProtocol {
    /// Room beyond the frame: a read that fills its buffer would be followed by one in vain.
    private static let slack = 64
    /// Frames begin this far into their memory, so that payloads begin on a cache line: the kernel
    /// copies faster to there.
    private static let margin = 60
    private var transport: Unmanaged<Transport>!
    private let shared: UnsafeMutableRawBufferPointer
    private var ownMemory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var own = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// How many bytes of an unfinished frame are in `own`.
    private var filled = 0
    /// How long the last frame was, with its header.
    private var lastSize = 0

    init(_ shared: SharedMemory) {
        self.shared = UnsafeMutableRawBufferPointer(rebasing: shared.bytes[Self.margin...])
    }

    deinit { ownMemory.deallocate() }

    func connectionMade(_ transport: Transport) {
        self.transport = .passUnretained(transport)
    }

    private var lastWasLong: Bool { lastSize + Self.slack > shared.count }
    private var readsHeaderAlone: Bool { lastSize >= 8 * shared.count }
    private var readsIntoOwn: Bool { filled > 0 || lastWasLong }

    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer {
        guard readsIntoOwn else { return shared }
        if readsHeaderAlone, filled < 4 {
            return UnsafeMutableRawBufferPointer(rebasing: own[filled..<4])
        }
        return UnsafeMutableRawBufferPointer(rebasing: own[filled...])
    }

    func bufferUpdated(_ count: Int) throws {
        let memory = readsIntoOwn ? own : shared
        let end = filled + count
        var start = 0
        var needed = 4
        while end - start >= 4 {
            let header = UnsafeRawBufferPointer(rebasing: memory[start..<(start + 4)])
            needed = 4 + (try payloadLength(header))
            guard needed <= end - start else { break }
            // The payload: memory[(start + 4)..<(start + needed)].
            try transport._withUnsafeGuaranteedRef { try $0.write(header) }
            lastSize = needed
            start += needed
            needed = 4
        }
        keep(UnsafeRawBufferPointer(rebasing: memory[start..<end]), of: needed)
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
            byteCount: Self.margin + max(size + Self.slack, shared.count), alignment: 64)
        let larger = UnsafeMutableRawBufferPointer(rebasing: memory[Self.margin...])
        larger.copyMemory(from: rest)
        ownMemory.deallocate()
        (ownMemory, own) = (memory, larger)
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

func payloadLength(_ header: some Collection<UInt8>) throws -> Int {
    let length = header.reduce(0) { $0 << 8 | Int($1) }
    guard length <= longestPayload else { throw FrameError.tooLong }
    return length
}
