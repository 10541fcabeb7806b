import Glibc

/// Accepts, and knows the connections.
final class Server {
    /// Every connection reads into this: what arrived is used up before the handler returns.
    let shared = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)
    let platform: any Platform
    private let mode: Options.Mode
    private var connections: [Int32: Connection] = [:]

    init(_ mode: Options.Mode, _ platform: any Platform) {
        self.mode = mode
        self.platform = platform
    }

    /// Serves until a signal ends it.
    func run(port: Int) {
        let (listener, port) = listeningSocket(port: port)
        platform.watchListener(listener) { self.acceptAll(listener) }
        print("listening on \(port)")
        fflush(nil)
        platform.runUntilSignal {
            for connection in self.connections.values { connection.close() }
        }
    }

    /// Until there is nobody left: to come back costs more than one call in vain.
    private func acceptAll(_ listener: Int32) {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            let connection = makeConnection(descriptor)
            connections[descriptor] = connection
            connection.open()
        }
    }

    private func makeConnection(_ descriptor: Int32) -> Connection {
        switch mode {
        case .echo: EchoConnection(descriptor, self)
        case .sink: Connection(descriptor, self)
        case .source: SourceConnection(descriptor, self)
        case .frames: FramesConnection(descriptor, self)
        }
    }

    func forget(_ connection: Connection) { connections[connection.descriptor] = nil }
}

private func listeningSocket(port: Int) -> (descriptor: Int32, port: Int) {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_INET, type, 0)
    check(descriptor, "socket")
    var on: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    check(setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size), "reuse")
    // Linux hands it down to the connections, which saves a call for each.
    check(setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size), "no delay")
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            check(bind(descriptor, $0, length), "bind")
            check(listen(descriptor, 1_024), "listen")
            check(getsockname(descriptor, $0, &length), "address")
        }
    }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
}
