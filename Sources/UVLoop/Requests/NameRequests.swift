import CUV

/// A look-up of the addresses of a name, in libuv's thread pool.
typealias AddressRequest = PoolQuestion<uv_getaddrinfo_t, NameAnswer>
/// A look-up of the name of an address, in libuv's thread pool.
typealias ReverseRequest = PoolQuestion<uv_getnameinfo_t, HostName>

/// What a name stands for.
struct NameAnswer: Hashable, Sendable {
    /// At least one, none twice, in the system's order (RFC 6724).
    var addresses: [SocketAddress]
    /// The name that the system calls the right one; only if it was asked for.
    var canonicalName: String?

    /// Copies what libuv has brought.
    fileprivate init(_ list: UnsafeMutablePointer<addrinfo>?) throws(UVError) {
        addresses = []
        canonicalName = list?.pointee.ai_canonname.map { String(cString: $0) }
        var next = list
        while let item = next?.pointee {
            if let address = SocketAddress(copying: item.ai_addr), !addresses.contains(address) {
                addresses.append(address)
            }
            next = item.ai_next
        }
        if addresses.isEmpty { throw .lookupNoAddress }
    }
}

extension EventLoop {
    /// Begins to look a name up. Binds `uv_getaddrinfo`, `uv_freeaddrinfo`.
    nonisolated func startLookup(
        _ query: NameQuery, _ completion: @escaping AddressRequest.Completion
    ) throws(UVError) -> AddressRequest {
        try query.check()
        var hints = query.hints
        return try AddressRequest.start(self) { uv, request in
            uv_getaddrinfo(
                uv, request,
                { request, status, list in
                    let answer = Result { () throws(UVError) in
                        try UVError.check(status)
                        return try NameAnswer(list)
                    }
                    uv_freeaddrinfo(list)
                    AddressRequest.ended(request!.pointee.data, answer)
                }, query.host, query.service, &hints)
        } _: { [self] answer in
            if case .success(let found) = answer { core.nameCache?.store(found, for: query) }
            completion(answer)
        }
    }

    /// Begins to look up what an address is called. Binds `uv_getnameinfo`.
    nonisolated func startReverseLookup(
        of address: SocketAddress, _ flags: ReverseLookupFlags,
        _ completion: @escaping ReverseRequest.Completion
    ) throws(UVError) -> ReverseRequest {
        guard address.family != .unix else { throw .lookupFamilyNotSupported }
        return try ReverseRequest.start(self) { uv, request in
            address.withSockaddr { address, _ in
                uv_getnameinfo(
                    uv, request,
                    { request, status, host, service in
                        let answer = Result { () throws(UVError) in
                            try UVError.check(status)
                            return HostName(
                                host: String(cString: host!), service: String(cString: service!))
                        }
                        ReverseRequest.ended(request!.pointee.data, answer)
                    }, address, flags.systemFlags)
            }
        } _: {
            completion($0)
        }
    }
}
