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

    override init(_ descriptor: Int32, _ server: Server) {
        super.init(descriptor, server)
        awaitWritable()
    }

    override func writable() {
        // All bytes of a chunk are the same: nobody has to remember where in it a call ended.
        let sent = Self.chunk.withUnsafeBytes { chunk in
            let base = UnsafeMutableRawPointer(mutating: chunk.baseAddress)
            let part = iovec(iov_base: base, iov_len: chunk.count)
            return withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.chunksPerCall) {
                $0.initialize(repeating: part)
                var message = msghdr()
                message.msg_iov = $0.baseAddress
                message.msg_iovlen = $0.count
                return sendmsg(descriptor, &message, dontWait)
            }
        }
        if sent < 0 && errno != EAGAIN && errno != EINTR { close() }
    }
}
