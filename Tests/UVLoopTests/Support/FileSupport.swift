import CUV
import Glibc

@testable import UVLoop

extension TemporaryDirectory {
    /// Makes a file of the bytes and returns its path.
    @discardableResult
    func make(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = file(name)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw UVError(errno: errno) }
        defer { close(descriptor) }
        try writeAll(bytes, to: descriptor)
        return path
    }

    /// The same, with bytes that are nowhere alike.
    func make(_ name: String, count: Int, seed: UInt64 = 1) throws -> (String, [UInt8]) {
        var random = SeededGenerator(seed: seed)
        let bytes = random.bytes(count)
        return (try make(name, bytes), bytes)
    }
}

/// Lends a directory to the closure, and removes it with all that is in it.
func withDirectory<R>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TemporaryDirectory) async throws -> R
) async throws -> R {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    return try await body(directory)
}

/// Writes bytes to a blocking descriptor.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes {
            write(descriptor, $0.baseAddress, $0.count)
        }
        guard count >= 0 else { throw UVError(errno: errno) }
        written += count
    }
}

/// Opens a file for reading; the caller closes it.
func openForReading(_ path: String) throws -> Int32 {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw UVError(errno: errno) }
    return descriptor
}

/// The two ends of a pipe, blocking.
func makePipe() -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    let result = pipe(&ends)
    precondition(result == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

extension EventLoop {
    /// A stream and the other end of its connection. With small buffers a sender soon has to wait
    /// for who receives.
    func connectToRaw(
        over wire: Wire = .tcp, smallBuffers: Bool = false
    ) async throws -> (stream: SocketStream, peer: RawSocket) {
        let listener = try RawSocket.listener(wire.address)
        defer { listener.close() }
        if smallBuffers {
            _ = cuv_set_option(listener.descriptor, SOL_SOCKET, SO_RCVBUF, 4_096)
        }
        let stream = try await connect(to: .address(listener.localAddress))
        if smallBuffers { try await stream.withTransport { try $0.setSendBufferSize(4_096) } }
        return (stream, try listener.accept())
    }
}

extension SocketStream {
    /// How many bytes the system has taken.
    var sentCount: Int { transport.sentByteCount }
}
