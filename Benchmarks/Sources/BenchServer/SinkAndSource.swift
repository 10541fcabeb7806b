import UVLoop

/// Reads and drops. At the client's end of file the connection closes by itself.
final class BufferedSink: BufferedProtocol {
    private let memory: UnsafeMutableRawBufferPointer

    init(_ memory: SharedMemory) {
        self.memory = memory.bytes
    }

    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { memory }
    func bufferUpdated(_ count: Int) {}
}

/// Reads and drops.
final class PlainSink: PlainProtocol {
    func dataReceived(_ data: RawSpan) {}
}

/// Sends 64 KiB chunks for ever, as many at a time as the water marks let it.
final class Source: PlainProtocol {
    /// One for all connections, as in the other servers: more would fill the processor's cache.
    static let chunk = [UInt8](repeating: 0x55, count: 65_536)
    /// What is queued goes out in one write: so many chunks, and the one that goes beyond the mark.
    /// Half a MiB measured best: less takes more system calls, and from 1 MiB on the gain is lost.
    static let highMark = 7 * 65_536
    private unowned(unsafe) var transport: Transport!
    private var isPaused = false

    func connectionMade(_ transport: Transport) throws {
        self.transport = transport
        try transport.setWriteBufferLimits(low: 0, high: Self.highMark)
        try send()
    }

    func dataReceived(_ data: RawSpan) {}
    func pauseWriting() { isPaused = true }
    func resumeWriting() throws {
        isPaused = false
        try send()
    }

    private func send() throws {
        while !isPaused, !transport.isClosed { try transport.write(Self.chunk) }
    }
}
