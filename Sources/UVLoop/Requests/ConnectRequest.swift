import CUV

/// The request to connect a socket; freed in libuv's callback, which always comes.
final class ConnectRequest {
    private let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    private let completion: (Int32) -> Void

    private init(_ completion: @escaping (Int32) -> Void) {
        self.completion = completion
    }

    deinit {
        request.deallocate()
    }

    /// Begins to connect; `completion` is called once, later, with libuv's status:
    /// `UV_ECANCELED` if the transport is closed meanwhile.
    ///
    /// Binds `uv_tcp_connect`.
    static func start(
        _ transport: Transport, to address: SocketAddress, _ completion: @escaping (Int32) -> Void
    ) throws(UVError) {
        let connect = ConnectRequest(completion)
        let context = Unmanaged.passRetained(connect)
        connect.request.pointee.data = context.toOpaque()
        let result = address.withSockaddr { pointer, _ in
            uv_tcp_connect(connect.request, transport.tcp, pointer) { request, status in
                let connect = Unmanaged<ConnectRequest>.fromOpaque(request!.pointee.data)
                    .takeRetainedValue()
                connect.completion(status)
            }
        }
        if result < 0 {
            context.release()
            throw UVError(rawValue: result)
        }
    }
}
