import Glibc

/// Returns every byte, from the memory that it was read into.
final class EchoConnection: Connection {
    override func received(_ count: Int) {
        send(UnsafeRawBufferPointer(rebasing: server.shared[..<count]))
    }
}

/// Sends 64 KiB chunks for ever.
final class SourceConnection: Connection {
    private static let chunk = [UInt8](repeating: 0x55, count: 65_536)
    /// In one system call: fewer cost more.
    private static let chunksPerCall = 8

    override func open() {
        super.open()
        writable()
    }

    /// All bytes of a chunk are the same: nobody has to remember where in it a call ended.
    override func writable() {
        Self.chunk.withUnsafeBytes { chunk in
            let base = UnsafeMutableRawPointer(mutating: chunk.baseAddress)
            let part = iovec(iov_base: base, iov_len: chunk.count)
            withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.chunksPerCall) {
                $0.initialize(repeating: part)
                send($0)
            }
        }
    }
}
