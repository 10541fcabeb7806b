import UVLoop

// Both refer to their transport by `Unmanaged`, which outlives them: a reference that is retained
// and released around each use costs about as much as the rest of the callback.

/// Returns every byte, from the memory that it was read into.
final class BufferedEcho: BufferedProtocol {
    private var transport: Unmanaged<Transport>!
    private let memory: UnsafeMutableRawBufferPointer

    init(_ memory: SharedMemory) {
        self.memory = memory.bytes
    }

    func connectionMade(_ transport: Transport) {
        self.transport = .passUnretained(transport)
    }
    func pauseWriting() { transport._withUnsafeGuaranteedRef { $0.pauseReading() } }
    func resumeWriting() { transport._withUnsafeGuaranteedRef { $0.resumeReading() } }

    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { memory }

    func bufferUpdated(_ count: Int) throws {
        try transport._withUnsafeGuaranteedRef {
            try $0.write(UnsafeRawBufferPointer(start: memory.baseAddress, count: count))
        }
    }
}

/// Returns every byte, from the loop's memory.
final class PlainEcho: PlainProtocol {
    private var transport: Unmanaged<Transport>!

    func connectionMade(_ transport: Transport) {
        self.transport = .passUnretained(transport)
    }
    func pauseWriting() { transport._withUnsafeGuaranteedRef { $0.pauseReading() } }
    func resumeWriting() { transport._withUnsafeGuaranteedRef { $0.resumeReading() } }

    func dataReceived(_ data: RawSpan) throws {
        try data.withUnsafeBytes { bytes in
            try transport._withUnsafeGuaranteedRef { try $0.write(bytes) }
        }
    }
}
