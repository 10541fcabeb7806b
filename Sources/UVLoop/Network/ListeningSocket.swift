import CUV

/// A listening TCP socket, watched by the loop.
///
/// It accepts by itself, instead of through `uv_listen`, because libuv answers a lack of file
/// descriptors by accepting and dropping whoever is waiting, and tells nobody. Here that is
/// reported, and the clients wait in the backlog until there are descriptors again.
final class ListeningSocket: Handle {
    /// How many connections are accepted before others get their turn.
    private static let burst = 16
    /// How long accepting rests after an error of the system.
    private static let pause = Duration.milliseconds(100)

    let address: SocketAddress
    private let descriptor: Int32
    @exclusivity(unchecked) private var accepted:
        ((_ descriptor: Int32, _ peer: SocketAddress?) -> Void)?
    private var retry: Timer?
    @exclusivity(unchecked) private var lastError: UVError?
    /// Whether clients are kept waiting.
    @exclusivity(unchecked) private var isHeld = false
    /// Set by the server, which has to know of an end that is not its own doing.
    var loopWillClose: (() -> Void)?

    /// Binds a socket to an address and watches it; nothing is accepted before ``start(_:)``.
    init(
        _ loop: EventLoop, binding address: SocketAddress, options: ListenOptions,
        madeAt place: SourcePlace
    ) throws(EndpointError) {
        let descriptor: Int32
        do throws(UVError) {
            descriptor = try Self.bind(address, options)
        } catch {
            throw EndpointError(.bind, "\(address)", error)
        }
        do throws(UVError) {
            self.address = try Self.localAddress(of: descriptor)
            self.descriptor = descriptor
            try super.init(loop, uv_poll_t.self, madeAt: place) { uv_poll_init($0, $1, descriptor) }
        } catch {
            cuv_close(descriptor)
            throw EndpointError(.bind, "\(address)", error)
        }
    }

    private static func bind(
        _ address: SocketAddress, _ options: ListenOptions
    ) throws(UVError) -> Int32 {
        let descriptor = try UVError.check(cuv_tcp_socket(address.systemFamily))
        do throws(UVError) {
            try UVError.check(cuv_set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1))
            if options.reusePort {
                try UVError.check(cuv_set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1))
            }
            if address.family == .ipv6 {
                try UVError.check(
                    cuv_set_option(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1))
            }
            // Accepted sockets inherit it: one system call for all of them.
            if options.noDelay {
                try UVError.check(cuv_set_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1))
            }
            try address.withSockaddr { cuv_bind(descriptor, $0, $1) }.checked()
        } catch {
            cuv_close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func localAddress(of descriptor: Int32) throws(UVError) -> SocketAddress {
        try SocketAddress { address, length in cuv_local_address(descriptor, address, length) }
    }

    /// Listens, and calls `accepted` with the descriptor of each connection, whose owner that is
    /// from then on.
    ///
    /// Binds `uv_poll_start`; stands for `uv_listen` and `uv_accept`.
    func start(
        backlog: Int, _ accepted: @escaping (_ descriptor: Int32, _ peer: SocketAddress?) -> Void
    ) throws(EndpointError) {
        do throws(UVError) {
            try cuv_listen(descriptor, Int32(clamping: backlog)).checked()
        } catch {
            throw EndpointError(.listen, "\(address)", error)
        }
        self.accepted = accepted
        holdByLoop()
        watch()
    }

    /// Lets clients wait in the backlog, or accepts them again. Idempotent.
    func setAccepting(_ accepts: Bool) {
        guard isOpen, accepted != nil, accepts == isHeld else { return }
        isHeld = !accepts
        // While it rests after an error, the end of the rest will look again.
        guard retry?.isActive != true else { return }
        if accepts { watch() } else { uv_poll_stop(memory(as: uv_poll_t.self)) }
    }

    private func watch() {
        guard !isHeld else { return }
        uv_poll_start(memory(as: uv_poll_t.self), Int32(UV_READABLE.rawValue)) { handle, _, _ in
            let socket = unsafeDowncast(
                Unmanaged<Handle>.fromOpaque(handle!.pointee.data).takeUnretainedValue(),
                to: ListeningSocket.self)
            socket.acceptPending()
        }
    }

    private func acceptPending() {
        for _ in 0..<Self.burst {
            // The user's code may have closed the server.
            guard isOpen, !isHeld, let accepted else { break }
            var peer = sockaddr_storage()
            let result = cuv_accept(descriptor, &peer)
            if result >= 0 {
                lastError = nil
                accepted(result, SocketAddress(copying: peer))
            } else if result == UV_EAGAIN.rawValue {
                break
            } else if !isAboutOneClient(result) {
                rest(UVError(rawValue: result))
                break
            }
        }
        loop.core.drainIfNeeded()
    }

    /// A client that was gone before it was accepted is no reason to rest.
    private func isAboutOneClient(_ result: Int32) -> Bool {
        guard [UV_ECONNABORTED.rawValue, UV_EPROTO.rawValue].contains(result) else { return false }
        report(UVError(rawValue: result))
        return true
    }

    private func rest(_ error: UVError) {
        // Once for as long as it lasts.
        if error != lastError { report(error) }
        lastError = error
        uv_poll_stop(memory(as: uv_poll_t.self))
        retry = loop.callLater(Self.pause) { [unowned self] in
            if isOpen { watch() }
        }
    }

    private func report(_ error: UVError) {
        loop.core.report(
            ExceptionContext("accept on \(address) failed", error: error, source: .server))
    }

    /// Closes the socket at once: its port is free when this returns.
    override func close() {
        guard isOpen else { return }
        retry?.stop()
        accepted = nil
        loopWillClose = nil
        closeHandle()
        cuv_close(descriptor)
    }

    override func loopIsClosing() {
        loopWillClose?()
        close()
    }

    override var reportName: String { "TCPServer on \(address)" }
}

extension Int32 {
    /// The throwing form of a result of libuv or of `cuv.h`.
    @discardableResult
    fileprivate func checked() throws(UVError) -> Int32 { try UVError.check(self) }
}
