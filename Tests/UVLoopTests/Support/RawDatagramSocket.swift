import CUV
import Glibc

@testable import UVLoop

/// A blocking C socket for datagrams: a peer that does exactly what a test says.
struct RawDatagramSocket: Sendable {
    let descriptor: Int32

    /// Binds to a port that the system chooses. Calls give up after a time that no load can need.
    init(_ address: SocketAddress = .anyPortIPv4) throws {
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        self.init(descriptor: try Self.checked(socket(address.systemFamily, type, 0)))
        try Self.checked(address.withSockaddr { bind(descriptor, $0, $1) })
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
        var bound = timeval(tv_sec: 50, tv_usec: 0)
        for name in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(
                descriptor, SOL_SOCKET, name, &bound, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// Two connected sockets of the kind that makes its sender wait when the receiver's queue is
    /// full; UDP over the loopback interface drops instead. The other one is a bare descriptor.
    static func pair() throws -> (RawDatagramSocket, Int32) {
        var descriptors: [Int32] = [-1, -1]
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try checked(socketpair(AF_UNIX, type, 0, &descriptors))
        return (RawDatagramSocket(descriptor: descriptors[0]), descriptors[1])
    }

    @discardableResult
    private static func checked(_ result: Int32) throws -> Int32 {
        guard result >= 0 else { throw UVError(errno: errno) }
        return result
    }

    var localAddress: SocketAddress {
        try! SocketAddress { cuv_local_address(descriptor, $0, $1) }
    }

    /// Receives from this one only, from now on; others are refused.
    func connect(to address: SocketAddress) throws {
        try Self.checked(address.withSockaddr { Glibc.connect(descriptor, $0, $1) })
    }

    func send(_ bytes: [UInt8], to address: SocketAddress? = nil) throws {
        let count =
            address.map { address in
                address.withSockaddr { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
            } ?? Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard count == bytes.count else { throw UVError(errno: errno) }
    }

    func send(_ text: String, to address: SocketAddress? = nil) throws {
        try send(Array(text.utf8), to: address)
    }

    /// The next datagram.
    func receive() throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: 400_000) { buffer, filled in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count < 0 { throw UVError(errno: errno) }
            filled = count
        }
    }

    /// Takes a datagram, if there is one.
    func receiveIfReady() -> [UInt8]? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 0) == 1, waiting.revents & Int16(POLLIN) != 0 else { return nil }
        return try? receive()
    }

    func receiveText() throws -> String { String(decoding: try receive(), as: UTF8.self) }

    func close() { _ = Glibc.close(descriptor) }
}
