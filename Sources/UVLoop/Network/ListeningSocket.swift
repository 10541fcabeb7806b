import CUV

/// A listening socket, of TCP or Unix-domain, watched by the loop.
///
/// It accepts by itself, instead of through `uv_listen`, because libuv answers a lack of file
/// descriptors by accepting and dropping whoever is waiting, and tells nobody. Here that is
/// reported, and the clients wait in the backlog until there are descriptors again.
final class ListeningSocket: Handle, ConnectionSource {
    /// How many connections are accepted before others get their turn.
    private static let burst = 16
    /// How long accepting rests after an error of the system.
    private static let pause = Duration.milliseconds(100)

    let address: SocketAddress
    private let descriptor: Int32
    /// What a Unix-domain socket has made and takes away again.
    private let file: SocketFile?
    /// Whether it has listened from the beginning.
    private let isListening: Bool
    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.
    @exclusivity(unchecked) private var accepted:
        ((_ descriptor: Int32, _ peer: SocketAddress?) -> Void)?
    private var retry: Timer?
    @exclusivity(unchecked) private var lastError: UVError?
    /// Whether clients are kept waiting.
    @exclusivity(unchecked) private var isHeld = false
    var loopWillClose: (() -> Void)?

    /// Binds a socket to an address; nothing is accepted before ``start(backlog:_:)``.
    convenience init(
        _ loop: EventLoop, binding address: SocketAddress, options: ListenOptions,
        madeAt place: SourcePlace
    ) throws(EndpointError) {
        do throws(UVError) {
            let descriptor = try UVError.check(cuv_stream_socket(address.systemFamily))
            var file: SocketFile?
            do throws(UVError) {
                if address.family == .unix {
                    file = try SocketFile.listen(
                        descriptor, at: address, mode: options.mode, backlog: options.backlog)
                } else {
                    try Self.bind(descriptor, address, options)
                }
                try self.init(
                    loop, descriptor, file, isListening: address.family == .unix, madeAt: place)
            } catch {
                file?.remove()
                cuv_close(descriptor)
                throw error
            }
        } catch {
            throw EndpointError(.bind, "\(address)", error)
        }
    }

    /// Takes a socket over that listens already. If that fails it stays the caller's.
    convenience init(
        _ loop: EventLoop, adopting descriptor: Int32, options: ListenOptions,
        madeAt place: SourcePlace
    ) throws(EndpointError) {
        do throws(UVError) {
            guard options.mostConnections > 0 else { throw .invalidArgument }
            var isListening: Int32 = 0
            try cuv_get_option(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening).checked()
            let kind = uv_guess_handle(descriptor)
            guard isListening != 0, kind == UV_TCP || kind == UV_NAMED_PIPE else {
                throw .invalidArgument
            }
            try cuv_set_non_blocking(descriptor).checked()
            if kind == UV_TCP { try Self.setNoDelay(descriptor, options) }
            try self.init(loop, descriptor, nil, isListening: true, madeAt: place)
            cuv_set_close_on_exec(descriptor)
        } catch {
            throw EndpointError(.listen, "descriptor \(descriptor)", error)
        }
    }

    private init(
        _ loop: EventLoop, _ descriptor: Int32, _ file: SocketFile?, isListening: Bool,
        madeAt place: SourcePlace
    ) throws(UVError) {
        address = try SocketAddress { cuv_local_address(descriptor, $0, $1) }
        self.descriptor = descriptor
        self.file = file
        self.isListening = isListening
        try super.init(loop, uv_poll_t.self, madeAt: place) { uv_poll_init($0, $1, descriptor) }
    }

    private static func bind(
        _ descriptor: Int32, _ address: SocketAddress, _ options: ListenOptions
    ) throws(UVError) {
        try cuv_set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1).checked()
        if options.reusePort {
            try cuv_set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1).checked()
        }
        if address.family == .ipv6 {
            try cuv_set_option(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1).checked()
        }
        try setNoDelay(descriptor, options)
        try address.withSockaddr { cuv_bind(descriptor, $0, $1) }.checked()
    }

    /// Accepted sockets inherit it: one system call for all of them.
    private static func setNoDelay(
        _ descriptor: Int32, _ options: ListenOptions
    ) throws(UVError) {
        guard options.noDelay else { return }
        try cuv_set_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1).checked()
    }

    /// Listens, and accepts.
    ///
    /// Binds `uv_poll_start`; stands for `uv_listen` and `uv_accept`.
    func start(
        backlog: Int, _ accepted: @escaping (_ descriptor: Int32, _ peer: SocketAddress?) -> Void
    ) throws(EndpointError) {
        do throws(UVError) {
            if !isListening { try cuv_listen(descriptor, Int32(clamping: backlog)).checked() }
        } catch {
            throw EndpointError(.listen, "\(address)", error)
        }
        self.accepted = accepted
        holdByLoop()
        ownDescriptor()
        watch()
    }

    func setAccepting(_ accepts: Bool) {
        guard isOpen, accepted != nil, accepts == isHeld else { return }
        isHeld = !accepts
        // While it rests after an error, the end of the rest will look again.
        guard retry?.isActive != true else { return }
        if accepts { watch() } else { uv_poll_stop(memory(as: uv_poll_t.self)) }
    }

    /// Lets others share the port from now on, who could not have had it before. Before
    /// ``start(backlog:_:)``.
    ///
    /// That a group's first socket is bound without this makes a second server on the same port an
    /// error, as it is without a group.
    func sharePort() throws(EndpointError) {
        do throws(UVError) {
            try cuv_set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1).checked()
        } catch {
            throw EndpointError(.bind, "\(address)", error)
        }
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
            var length: socklen_t = 0
            let result = cuv_accept(descriptor, &peer, &length)
            if result >= 0 {
                lastError = nil
                accepted(result, SocketAddress(copying: peer, length: length))
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

    /// Closes the socket at once: its port or path is free when this returns.
    override func close() {
        guard isOpen else { return }
        retry?.stop()
        accepted = nil
        loopWillClose = nil
        closeHandle()
        file?.remove()
        cuv_close_adopted(descriptor)
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
