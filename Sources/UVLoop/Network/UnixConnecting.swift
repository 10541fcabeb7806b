import CUV

/// Connects a Unix-domain socket: by itself, because libuv 1.44 knows no abstract names.
///
/// Connecting succeeds or fails at once, but for a listener whose queue is full: on Linux that is
/// an error, not a wait. So it is tried again after a pause, as long as the transport stays open.
final class UnixConnecting {
    private static let shortestPause = Duration.milliseconds(1)
    private static let longestPause = Duration.milliseconds(100)

    // The transport has this among its extras, and the loop holds the transport while it is open.
    private unowned let transport: Transport
    private let address: SocketAddress
    private var completion: ((Int32) -> Void)?
    private var isConnected = false
    private var pause = UnixConnecting.shortestPause
    private var timer: Timer?

    private init(
        _ transport: Transport, _ address: SocketAddress, _ completion: @escaping (Int32) -> Void
    ) {
        self.transport = transport
        self.address = address
        self.completion = completion
    }

    /// Begins to connect; `completion` is called once, later, with 0 or a negative number of
    /// libuv's: `UV_ECANCELED` if the transport is closed meanwhile.
    ///
    /// Binds `uv_pipe_open`; stands for `uv_pipe_connect`.
    ///
    /// - Parameter localAddress: what to bind the socket to; nil leaves it unnamed.
    static func start(
        _ transport: Transport, to address: SocketAddress, from localAddress: SocketAddress?,
        _ completion: @escaping (Int32) -> Void
    ) throws(UVError) {
        let descriptor = try UVError.check(cuv_stream_socket(AF_UNIX))
        do throws(UVError) {
            try transport.open(descriptor)
        } catch {
            cuv_close(descriptor)
            throw error
        }
        // From here on it is closed with the transport.
        if let localAddress {
            try UVError.check(localAddress.withSockaddr { cuv_bind(descriptor, $0, $1) })
        }
        let connecting = UnixConnecting(transport, address, completion)
        connecting.timer = Timer(transport.loop) { [unowned connecting] in
            connecting.goOn(descriptor)
        }
        try connecting.connect(descriptor)
        transport.neededExtras.connecting = connecting
    }

    private func connect(_ descriptor: Int32) throws(UVError) {
        let result = address.withSockaddr { cuv_connect(descriptor, $0, $1) }
        if result == UV_EAGAIN.rawValue {
            timer?.start(after: pause)
            pause = min(pause * 2, Self.longestPause)
        } else {
            try UVError.check(result)
            isConnected = true
            timer?.start(after: .zero)
        }
    }

    private func goOn(_ descriptor: Int32) {
        guard transport.isOpen else { return }
        if isConnected { return end(0) }
        do throws(UVError) {
            try connect(descriptor)
        } catch {
            end(error.rawValue)
        }
    }

    /// Completes, unless that has happened. Called by the transport, too, when it has been closed.
    func end(_ status: Int32) {
        guard let completion else { return }
        self.completion = nil
        timer?.stop()
        transport.neededExtras.connecting = nil
        completion(status)
    }
}
