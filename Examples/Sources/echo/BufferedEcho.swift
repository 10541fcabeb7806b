import ExampleSupport
import UVLoop

/// Returns every byte, straight from the memory that it was received into.
final class BufferedEcho: BufferedProtocol {
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    // The transport holds its protocol; the way back is `unowned`, neither strong nor weak.
    private unowned var transport: Transport!

    deinit { memory.deallocate() }

    func connectionMade(_ transport: Transport) { self.transport = transport }

    // libuv reads into this memory, then says how much has come.
    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { memory }

    func bufferUpdated(_ count: Int) throws {
        try transport.write(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    // A peer that sends without reading must not fill our memory: as long as too much waits to be
    // sent, nothing more is read.
    func pauseWriting() { transport.pauseReading() }
    func resumeWriting() { transport.resumeReading() }

    func connectionLost(_ error: (any Error)?) { say(farewell(transport, error)) }
}
