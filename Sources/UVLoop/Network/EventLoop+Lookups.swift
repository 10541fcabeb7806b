import CUV

// Names into addresses and back, for tasks and for callbacks.
extension EventLoop {
    // MARK: Names

    /// The addresses of a host, from any task.
    ///
    /// ```swift
    /// let addresses = try await loop.lookUp("localhost", service: "https")
    /// ```
    ///
    /// Asked is the system's resolver, with `/etc/hosts` and whatever else it knows, in libuv's
    /// thread pool, of which look-ups keep half of the threads busy at most. A numeric address
    /// with a numeric service costs neither a thread nor a wait; link-local ones keep their scope
    /// (`fe80::1%eth0`). What ``nameCacheLimits`` allows is remembered.
    ///
    /// `connect`, `listen` and datagram sockets look names up by themselves.
    ///
    /// Binds `uv_getaddrinfo`, `uv_freeaddrinfo`.
    ///
    /// - Parameters:
    ///   - host: a name, also an international one, or a numeric address.
    ///   - service: a name such as `https`, or a number: the port of the addresses. Nil for port 0.
    ///   - family: which addresses to find.
    ///   - flags: what to do beside the usual.
    /// - Returns: at least one address, none twice, the best first, as the system orders them.
    /// - Throws: ``EndpointError`` with the operation `resolve`, and with ``UVError/unknownHost``
    ///   and the other look-up errors (`EAI_…`), ``UVError/invalidArgument`` for a name of more
    ///   than 255 bytes, or ``UVError/canceled`` if the loop is closed, also meanwhile;
    ///   `CancellationError`. A thread that has begun to ask is not stopped by that, but nobody
    ///   waits for it except ``close()``.
    public nonisolated(nonsending) func lookUp(
        _ host: String, service: String? = nil, family: LookupFamily = .any,
        flags: LookupFlags = []
    ) async throws -> [SocketAddress] {
        try await answer(to: NameQuery(host, service, family, flags)).addresses
    }

    /// Begins to look up the addresses of a host: for callbacks, which cannot wait; see
    /// ``lookUp(_:service:family:flags:)``.
    ///
    /// On a closed loop nothing happens but a report to the exception handler.
    ///
    /// - Parameter completion: called once, later, on the loop's thread, also after
    ///   ``NameLookup/cancel()`` and when the loop closes: with ``UVError/canceled`` then.
    /// - Returns: the look-up, to cancel it; it needs not be kept.
    @discardableResult
    public nonisolated func lookUp(
        _ host: String, service: String? = nil, family: LookupFamily = .any,
        flags: LookupFlags = [],
        completion: @escaping (Result<[SocketAddress], EndpointError>) throws -> Void
    ) -> NameLookup {
        let query = NameQuery(host, service, family, flags)
        return NameLookup(self, "lookUp", of: "\(query)") {
            self.knownAnswer(to: query)
        } begin: { done throws(UVError) in
            try self.startLookup(query, done)
        } _: {
            try completion($0.map(\.addresses))
        }
    }

    /// The name that the system calls the right one for a host, from any task: `AI_CANONNAME`.
    ///
    /// Binds `uv_getaddrinfo`.
    ///
    /// - Returns: that name; the given one if the system knows no other.
    /// - Throws: as ``lookUp(_:service:family:flags:)``.
    public nonisolated(nonsending) func canonicalName(of host: String) async throws -> String {
        var query = NameQuery(host)
        query.wantsCanonicalName = true
        return try await answer(to: query).canonicalName ?? host
    }

    private nonisolated(nonsending) func answer(to query: NameQuery) async throws -> NameAnswer {
        guard isHome() else {
            return try await visit { try await self.answer(to: query) }
        }
        try checkLookup(of: "\(query)")
        if let answer = knownAnswer(to: query) { return answer }
        return try await found("\(query)") { done throws(UVError) in
            try self.startLookup(query, done)
        }
    }

    // MARK: Addresses

    /// What an address and its port are called, from any task.
    ///
    /// ```swift
    /// let name = try await loop.lookUpName(of: address)
    /// print("\(name.host), \(name.service)")
    /// ```
    ///
    /// Asked is the system's resolver in libuv's thread pool, unless host and service shall be
    /// numeric. Who answers for an address may say what he likes: it is nothing to trust.
    ///
    /// Binds `uv_getnameinfo`.
    ///
    /// - Parameters:
    ///   - address: an IP address; its port is the service.
    ///   - flags: what to do beside the usual.
    /// - Throws: ``EndpointError`` with the operation `resolve`, and with
    ///   ``UVError/lookupFamilyNotSupported`` for a Unix-domain socket,
    ///   ``UVError/unknownHost`` for an address without a name if one is required, or
    ///   ``UVError/canceled`` if the loop is closed, also meanwhile; `CancellationError`.
    public nonisolated(nonsending) func lookUpName(
        of address: SocketAddress, flags: ReverseLookupFlags = []
    ) async throws -> HostName {
        guard isHome() else {
            return try await visit { try await self.lookUpName(of: address, flags: flags) }
        }
        try checkLookup(of: "\(address)")
        if let name = flags.numericName(of: address) { return name }
        return try await found("\(address)") { done throws(UVError) in
            try self.startReverseLookup(of: address, flags, done)
        }
    }

    /// Begins to look up what an address is called: for callbacks, which cannot wait; see
    /// ``lookUpName(of:flags:)``.
    ///
    /// On a closed loop nothing happens but a report to the exception handler.
    ///
    /// - Parameter completion: called once, later, on the loop's thread, also after
    ///   ``NameLookup/cancel()`` and when the loop closes: with ``UVError/canceled`` then.
    /// - Returns: the look-up, to cancel it; it needs not be kept.
    @discardableResult
    public nonisolated func lookUpName(
        of address: SocketAddress, flags: ReverseLookupFlags = [],
        completion: @escaping (Result<HostName, EndpointError>) throws -> Void
    ) -> NameLookup {
        NameLookup(self, "lookUpName", of: "\(address)") {
            flags.numericName(of: address)
        } begin: { done throws(UVError) in
            try self.startReverseLookup(of: address, flags, done)
        } _: {
            try completion($0)
        }
    }

    // MARK: Waiting

    private nonisolated func checkLookup(of endpoint: String) throws {
        try Task.checkCancellation()
        // Such a loop would never come to the answer.
        guard core.takesCalls else { throw EndpointError(.resolve, endpoint, .canceled) }
    }

    /// Waits for the thread pool.
    nonisolated(nonsending) func found<Request, Answer>(
        _ endpoint: String,
        begin: (@escaping PoolQuestion<Request, Answer>.Completion) throws(UVError)
            -> PoolQuestion<Request, Answer>
    ) async throws -> Answer {
        do {
            return try await PoolAnswer<Request, Answer>().wait(on: self, begin: begin)
        } catch let error as UVError {
            throw EndpointError(.resolve, endpoint, error)
        }
    }
}
