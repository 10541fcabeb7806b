import CUV
import Glibc

@testable import UVLoop

/// A blocking C socket: a peer that does exactly what a test says, and nothing by itself.
struct RawSocket: Sendable {
    let descriptor: Int32

    /// Makes a socket whose calls give up after a time that no load can need.
    private init(_ address: SocketAddress, receiveBuffer: Int? = nil) throws {
        descriptor = try Self.checked(
            socket(
                address.systemFamily,
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
        setTimeouts()
        if let receiveBuffer {
            _ = cuv_set_option(descriptor, SOL_SOCKET, SO_RCVBUF, Int32(receiveBuffer))
        }
    }

    init(descriptor: Int32) {
        self.descriptor = descriptor
        setTimeouts()
    }

    private func setTimeouts() {
        var bound = timeval(tv_sec: 50, tv_usec: 0)
        for name in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(
                descriptor, SOL_SOCKET, name, &bound, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    @discardableResult
    private static func checked(_ result: Int32) throws -> Int32 {
        guard result >= 0 else { throw UVError(errno: errno) }
        return result
    }

    /// Connects; the system answers for a listener that has not accepted yet.
    static func connect(
        to address: SocketAddress, receiveBuffer: Int? = nil
    ) throws -> RawSocket {
        let socket = try RawSocket(address, receiveBuffer: receiveBuffer)
        do {
            try checked(address.withSockaddr { Glibc.connect(socket.descriptor, $0, $1) })
        } catch {
            socket.close()
            throw error
        }
        return socket
    }

    /// Listens on a port that the system chooses.
    static func listener(
        _ address: SocketAddress = .anyPortIPv4, backlog: Int32 = 16
    ) throws -> RawSocket {
        let socket = try bound(address)
        try checked(listen(socket.descriptor, backlog))
        return socket
    }

    /// Has an address, so that nobody else gets it, but does not listen: connecting is refused.
    static func bound(_ address: SocketAddress = .anyPortIPv4) throws -> RawSocket {
        let socket = try RawSocket(address)
        do {
            try checked(address.withSockaddr { bind(socket.descriptor, $0, $1) })
        } catch {
            socket.close()
            throw error
        }
        return socket
    }

    /// Two sockets that have the same port of both families, to which nobody else can listen then.
    static func boundPair() throws -> (ipv4: RawSocket, ipv6: RawSocket) {
        while true {
            let ipv6 = try bound(.anyPortIPv6)
            if let ipv4 = try? bound(SocketAddress.anyPortIPv4.with(port: ipv6.port)) {
                return (ipv4, ipv6)
            }
            ipv6.close()
        }
    }

    func startListening() throws { try Self.checked(listen(descriptor, 16)) }

    /// Accepts a connection. None of these sockets must get into the processes of exit tests: they
    /// would stay open there.
    func accept() throws -> RawSocket {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 50_000) == 1 else { throw UVError.timedOut }
        var peer = sockaddr_storage()
        var length: socklen_t = 0
        let accepted = try UVError.check(cuv_accept(descriptor, &peer, &length))
        _ = fcntl(accepted, F_SETFL, fcntl(accepted, F_GETFL) & ~O_NONBLOCK)
        return RawSocket(descriptor: accepted)
    }

    var localAddress: SocketAddress {
        try! SocketAddress { cuv_local_address(descriptor, $0, $1) }
    }

    var port: Int { localAddress.port }

    // MARK: Bytes

    func send(_ bytes: some Collection<UInt8>) throws {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 { throw UVError(errno: errno) }
            sent += count
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends as much as fits into the buffers of both systems, without blocking.
    func sendUntilFull() -> Int {
        let piece = [UInt8](repeating: 7, count: 65_536)
        var sent = 0
        while true {
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = Glibc.send(descriptor, piece, piece.count, flags)
            if count < 0 { return sent }
            sent += count
        }
    }

    func sendUrgent(_ byte: UInt8) throws {
        var byte = byte
        let flags = Int32(MSG_OOB) | Int32(MSG_NOSIGNAL)
        try Self.checked(Int32(Glibc.send(descriptor, &byte, 1, flags)))
    }

    /// What comes next; empty at the end.
    func receive(upTo count: Int = 65_536) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let count = recv(descriptor, buffer.baseAddress, count, 0)
            if count < 0 { throw UVError(errno: errno) }
            filled = count
        }
    }

    /// Exactly so many bytes, or fewer at the end.
    func receive(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try receive(upTo: count - bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// Everything until the end, in small pieces with pauses if it is to be slow.
    func receiveToEnd(slowly: Bool = false) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try receive(upTo: slowly ? 16_384 : 65_536)
            if piece.isEmpty { return bytes }
            bytes += piece
            if slowly { usleep(100) }
        }
    }

    /// Reads to the end and returns how many bytes that were; or the error.
    func countToEnd() throws -> Int {
        var count = 0
        while true {
            let piece = try receive()
            if piece.isEmpty { return count }
            count += piece.count
        }
    }

    /// Reads what has come, without waiting, and returns how much that was.
    func receiveWhatIsThere() -> Int {
        withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { memory in
            var count = 0
            while true {
                let received = recv(
                    descriptor, memory.baseAddress, memory.count, Int32(MSG_DONTWAIT))
                if received <= 0 { return count }
                count += received
            }
        }
    }

    // MARK: Ending

    func endWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    func close() { _ = Glibc.close(descriptor) }

    /// Closes with a reset instead of an end of file.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }
}

/// Takes all the descriptors that the process may still open, for itself.
struct DescriptorShortage {
    private var taken: [Int32] = []
    private var usual = rlimit(rlim_cur: 0, rlim_max: 0)

    init() {
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual)
        // A low limit, so that few have to be taken.
        var low = usual
        low.rlim_cur = 256
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &low)
        takeAll()
    }

    /// Also those that somebody has closed meanwhile.
    mutating func takeAll() {
        while true {
            let descriptor = fcntl(0, F_DUPFD_CLOEXEC, 0)
            if descriptor < 0 { return }
            taken.append(descriptor)
        }
    }

    mutating func end() {
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual)
        for descriptor in taken { close(descriptor) }
        taken = []
    }
}
