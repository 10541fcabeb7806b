import CUV

/// A TCP or Unix-domain socket on its way to an address, watched by the loop.
///
/// It connects by itself, instead of through `uv_tcp_connect` and `uv_pipe_connect`: of several
/// attempts for one protocol only the winner needs a ``Transport``, and that is one with a
/// connection from the beginning.
/// The descriptor is this object's until it is handed on with success; in any other case it is
/// closed here, once.
///
/// A Unix-domain listener whose queue is full is an error on Linux, not a wait: so it is tried
/// again after a pause, for ever.
final class ConnectingSocket: Handle {
    typealias Completion = (Result<Int32, UVError>) -> Void

    private let address: SocketAddress
    private let descriptor: Int32
    private var completion: Completion?
    private var pause = Duration.milliseconds(1)
    private var retry: Timer?

    /// Begins to connect.
    ///
    /// Binds `uv_poll_start`; stands for `uv_tcp_bind`, `uv_tcp_connect`,
    /// `uv_pipe_bind`, `uv_pipe_connect`.
    ///
    /// - Parameter completion: called once, later, unless the socket is closed before: with the
    ///   descriptor, whose owner the callee is from then on, or with what went wrong;
    ///   ``UVError/canceled`` if the loop closes.
    init(
        _ loop: EventLoop, to address: SocketAddress, from localAddress: SocketAddress?,
        noDelay: Bool, madeAt place: SourcePlace, _ completion: @escaping Completion
    ) throws(UVError) {
        let descriptor = try Self.socket(address, localAddress, noDelay)
        self.address = address
        self.descriptor = descriptor
        self.completion = completion
        do throws(UVError) {
            try super.init(loop, uv_poll_t.self, madeAt: place) { uv_poll_init($0, $1, descriptor) }
        } catch {
            cuv_close(descriptor)
            throw error
        }
        do throws(UVError) {
            try connect()
        } catch {
            closeDescriptor()
            self.completion = nil
            throw error
        }
        holdByLoop()
    }

    private static func socket(
        _ address: SocketAddress, _ localAddress: SocketAddress?, _ noDelay: Bool
    ) throws(UVError) -> Int32 {
        let descriptor = try UVError.check(cuv_stream_socket(address.systemFamily))
        do throws(UVError) {
            if noDelay, address.family != .unix {
                try UVError.check(cuv_set_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1))
            }
            if let localAddress {
                // As uv_tcp_bind: a port that an earlier connection still holds can be had again.
                try UVError.check(cuv_set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1))
                try UVError.check(localAddress.withSockaddr { cuv_bind(descriptor, $0, $1) })
            }
        } catch {
            cuv_close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Begins to connect, or to wait for the next try.
    private func connect() throws(UVError) {
        let result = address.withSockaddr { cuv_connect(descriptor, $0, $1) }
        if result == UV_EAGAIN.rawValue, address.family == .unix {
            retry = loop.callLater(pause) { [unowned self] in tryAgain() }
            pause = min(pause * 2, .milliseconds(100))
            return
        }
        try UVError.check(result)
        uv_poll_start(memory(as: uv_poll_t.self), Int32(UV_WRITABLE.rawValue)) {
            handle, status, _ in
            let socket = unsafeDowncast(
                Unmanaged<Handle>.fromOpaque(handle!.pointee.data).takeUnretainedValue(),
                to: ConnectingSocket.self)
            socket.ended(status)
        }
    }

    private func tryAgain() {
        guard isOpen, completion != nil else { return }
        do throws(UVError) {
            try connect()
        } catch {
            ended(error.rawValue)
        }
    }

    /// The socket is writable: it is connected, or it will never be.
    private func ended(_ status: Int32) {
        guard let completion else { return }
        self.completion = nil
        // libuv lets go of the descriptor at once, so that another handle can have it.
        closeHandle()
        do throws(UVError) {
            var code: Int32 = 0
            try UVError.check(cuv_get_option(descriptor, SOL_SOCKET, SO_ERROR, &code))
            guard code == 0 else { throw UVError(errno: code) }
            try UVError.check(status)
            completion(.success(descriptor))
        } catch {
            cuv_close(descriptor)
            completion(.failure(error))
        }
        loop.core.drainIfNeeded()
    }

    /// Gives up at once; nothing is completed.
    override func close() {
        completion = nil
        closeDescriptor()
    }

    // Completed by didClose, not here, while the loop goes through its handles.
    override func loopIsClosing() { closeDescriptor() }

    private func closeDescriptor() {
        guard isOpen else { return }
        retry?.stop()
        closeHandle()
        cuv_close(descriptor)
    }

    override func didClose() {
        guard let completion else { return }
        self.completion = nil
        completion(.failure(.canceled))
        loop.core.drainIfNeeded()
    }

    override var reportName: String { "attempt to connect to \(address)" }
}
