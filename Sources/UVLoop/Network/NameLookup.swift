import CUV

/// A look-up of a host name, in libuv's thread pool.
final class NameLookup {
    typealias Completion = (Result<[SocketAddress], UVError>) -> Void

    private let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    private let port: Int
    private var completion: Completion?

    private init(port: Int, _ completion: @escaping Completion) {
        self.port = port
        self.completion = completion
    }

    deinit {
        request.deallocate()
    }

    /// Begins to look a name up; `completion` is called once, later.
    ///
    /// Binds `uv_getaddrinfo`.
    ///
    /// - Parameters:
    ///   - host: a name or numeric address.
    ///   - socketType: what the addresses are for: `cuv_stream_type` or `cuv_datagram_type`.
    static func start(
        _ loop: EventLoop, _ host: String, port: Int, socketType: Int32 = cuv_stream_type,
        _ completion: @escaping Completion
    ) throws(UVError) -> NameLookup {
        // getaddrinfo takes the empty name for none at all, and finds this machine.
        guard !host.isEmpty, !host.utf8.contains(0) else { throw .unknownHost }
        let lookup = NameLookup(port: port, completion)
        let context = Unmanaged.passRetained(lookup)
        lookup.request.pointee.data = context.toOpaque()
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = socketType
        let result = uv_getaddrinfo(
            loop.core.uv, lookup.request,
            { request, status, list in
                let lookup = Unmanaged<NameLookup>.fromOpaque(request!.pointee.data)
                    .takeRetainedValue()
                lookup.ended(status, list)
                uv_freeaddrinfo(list)
            }, host, nil, &hints)
        if result < 0 {
            context.release()
            throw UVError(rawValue: result)
        }
        return lookup
    }

    private func ended(_ status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
        guard let completion else { return }
        self.completion = nil
        guard status == 0 else { return completion(.failure(UVError(rawValue: status))) }
        var addresses: [SocketAddress] = []
        var next = list
        while let item = next?.pointee {
            if let address = SocketAddress(copying: item.ai_addr)?.with(port: port),
                !addresses.contains(address)
            {
                addresses.append(address)
            }
            next = item.ai_next
        }
        completion(addresses.isEmpty ? .failure(.lookupNoAddress) : .success(addresses))
    }

    /// Lets the result go unheard. A look-up that a thread has begun goes on there, unnoticed.
    /// Binds `uv_cancel`.
    func cancel() {
        guard completion != nil else { return }
        completion = nil
        _ = uv_cancel(UnsafeMutableRawPointer(request).assumingMemoryBound(to: uv_req_t.self))
    }
}
