import CUV

/// A UDP socket: what a protocol sends datagrams by, and what calls the protocol.
///
/// A transport belongs to its loop's thread. The loop holds it, and it holds its protocol, until
/// ``DatagramProtocol/connectionLost(_:)`` has been called. It is made by `EventLoop.openDatagram`.
///
/// It is bound to an address, and may be *connected* to a peer: then it sends to that one only,
/// receives from that one only, and hears when the network says that a datagram did not arrive.
///
/// **Sending** never blocks: ``send(_:to:)-(ByteContainer,_)`` tries the system at once; if that
/// has no room, or one callback has sent 256, the datagram is copied and queued. **Receiving** goes
/// on until ``pauseReading()``; one system call takes up to twenty datagrams, where libuv can do
/// that. No error of the network closes the socket.
///
/// Binds `uv_udp_t`.
public final class DatagramTransport: Handle {
    enum Phase {
        case open
        /// Sends what is queued, then closes.
        case closing
        case closed
    }

    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.
    @exclusivity(unchecked) private(set) var phase = Phase.open
    @exclusivity(unchecked) private var object: (any DatagramProtocol)?
    @exclusivity(unchecked) private var addresses: (local: SocketAddress, peer: SocketAddress?)!

    // Receiving.
    /// Whether the user has paused reading.
    @exclusivity(unchecked) public internal(set) var isReadingPaused = false
    /// Whether libuv is receiving.
    @exclusivity(unchecked) var isReading = false
    /// Whether libuv has more datagrams of the same system call to deliver.
    @exclusivity(unchecked) var isInBatch = false
    /// What had left the system when reading was paused, and waits until it goes on.
    @exclusivity(unchecked) var held = Fifo<Datagram>()

    // Sending.
    @exclusivity(unchecked) var queue = OutboundDatagramQueue()
    @exclusivity(unchecked) var marks = WaterMarks.standard
    @exclusivity(unchecked) var budget = CallBudget()
    /// Whether the protocol has been told to pause and not yet to resume.
    @exclusivity(unchecked) public internal(set) var isWritingPaused = false

    /// Makes a socket of the family.
    private init(
        _ loop: EventLoop, family: Int32, madeAt place: SourcePlace
    ) throws(UVError) {
        try super.init(loop, uv_udp_t.self, madeAt: place) {
            uv_udp_init_ex($0, $1, UInt32(family) | UV_UDP_RECVMMSG.rawValue)
        }
    }

    /// Makes one that is bound, and connected if there is a peer.
    ///
    /// Binds `uv_udp_bind`, `uv_udp_connect`.
    static func open(
        _ loop: EventLoop, _ target: DatagramTarget, _ options: DatagramOptions,
        madeAt place: SourcePlace
    ) throws(EndpointError) -> DatagramTransport {
        let transport: DatagramTransport
        do throws(UVError) {
            transport = try DatagramTransport(
                loop, family: target.local.systemFamily, madeAt: place)
            try transport.bind(to: target.local, options)
        } catch {
            throw EndpointError(.bind, "\(target.local)", error)
        }
        do throws(UVError) {
            let udp = transport.udp
            if let peer = target.peer {
                try UVError.check(peer.withSockaddr { address, _ in uv_udp_connect(udp, address) })
                // Anybody may have sent something in between.
                cuv_drop_input(try transport.socketDescriptor)
            }
            let local = try SocketAddress { uv_udp_getsockname(udp, $0, $1) }
            transport.addresses = (local, target.peer)
        } catch {
            throw EndpointError(.connect, "\(target.peer ?? target.local)", error)
        }
        return transport
    }

    private func bind(to address: SocketAddress, _ options: DatagramOptions) throws(UVError) {
        var flags: UInt32 = 0
        if options.reuseAddress { flags |= UV_UDP_REUSEADDR.rawValue }
        // libuv 1.44 has no flag for it.
        if options.reusePort { try setOption(Int(SOL_SOCKET), Int(SO_REUSEPORT), to: 1) }
        if address.family == .ipv6 {
            // Not by libuv's flag, which cannot say no where the system's default is yes.
            let value = options.ipv6Only ? 1 : 0
            try setOption(Int(IPPROTO_IPV6), Int(IPV6_V6ONLY), to: value)
        }
        let udp = udp
        try UVError.check(address.withSockaddr { address, _ in uv_udp_bind(udp, address, flags) })
        if options.allowsBroadcast { try UVError.check(uv_udp_set_broadcast(udp, 1)) }
    }

    /// Takes over a datagram socket, of any kind.
    ///
    /// Binds `uv_udp_open`.
    ///
    /// - Parameter descriptor: the transport's own from then on, unless this throws. One of the
    ///   standard ones stays open: libuv, which stops the program rather than close it, gets a
    ///   duplicate.
    static func adopt(
        _ loop: EventLoop, descriptor: Int32, local: SocketAddress, peer: SocketAddress?,
        madeAt place: SourcePlace
    ) throws(UVError) -> DatagramTransport {
        let transport = try DatagramTransport(loop, family: AF_UNSPEC, madeAt: place)
        let isStandard = descriptor <= STDERR_FILENO
        let own = isStandard ? try UVError.check(cuv_duplicate(descriptor)) : descriptor
        do throws(UVError) {
            try UVError.check(uv_udp_open(transport.udp, own))
        } catch {
            if isStandard { cuv_close(own) }
            throw error
        }
        transport.addresses = (local, peer)
        return transport
    }

    // MARK: Parts

    var udp: UnsafeMutablePointer<uv_udp_t> {
        @inline(__always) get { memory(as: uv_udp_t.self) }
    }

    override var reportName: String { "DatagramTransport on \(localAddress)" }

    /// The address of this side, with the port that the system chose where 0 was asked for. Stays
    /// readable after the end. Binds `uv_udp_getsockname`.
    public var localAddress: SocketAddress { addresses.local }

    /// The peer that the socket is connected to, if it is. Stays readable after the end. Stands for
    /// `uv_udp_getpeername`.
    public var remoteAddress: SocketAddress? { addresses.peer }

    // MARK: The protocol

    /// The object that hears what happens on this socket; nil after the end.
    public var currentProtocol: (any DatagramProtocol)? { object }

    /// Lets another protocol take over: what comes next goes to it. It hears no `connectionMade`.
    /// Also from inside a callback of the present one. Does nothing after the end.
    public func setProtocol(_ newProtocol: some DatagramProtocol) {
        loop.assertOnThread()
        guard let old = object else { return }
        object = newProtocol
        // The old one may be the caller: it has to live until its callback is over.
        loop.core.releaseLater(old)
    }

    /// Calls the protocol. An error is reported, and that is all.
    @inline(__always)
    func call(_ method: String, _ body: (any DatagramProtocol) throws -> Void) {
        guard let object else { return }
        withCore { core in
            core.guarded(.protocolMethod(method), madeAt: debugPlace) { try body(object) }
        }
    }

    // MARK: Life

    /// Tells the protocol, and begins to receive.
    func begin(_ newProtocol: any DatagramProtocol) {
        object = newProtocol
        holdByLoop()
        ownDescriptor()
        call("connectionMade") { try $0.connectionMade(self) }
        updateReading()
    }

    /// Closes the socket once what is queued has been sent; nothing is received any more.
    /// ``DatagramProtocol/connectionLost(_:)`` follows. Idempotent.
    ///
    /// Binds `uv_close`.
    public override func close() {
        loop.assertOnThread()
        guard phase == .open else { return }
        phase = .closing
        dropHeld()
        stopReading()
        closeIfSent()
    }

    /// Closes the socket at once: what is queued is dropped.
    /// ``DatagramProtocol/connectionLost(_:)`` follows. Idempotent.
    ///
    /// Binds `uv_close`.
    public func abort() {
        loop.assertOnThread()
        phase = .closed
        dropHeld()
        stopReading()
        closeHandle()
    }

    /// Whether ``close()`` or ``abort()`` has been called, or the loop is closed.
    public var isClosed: Bool { phase != .open || !isOpen }

    override func loopIsClosing() { abort() }

    /// Goes on with closing, if nothing is left to be sent.
    func closeIfSent() {
        if phase == .closing, queue.isEmpty { abort() }
    }

    override func didClose() {
        phase = .closed
        finish(queue.dropAll())
        call("connectionLost") { try $0.connectionLost(nil) }
        if let object { loop.core.releaseLater(object) }
        object = nil
        loop.core.drainIfNeeded()
    }
}
