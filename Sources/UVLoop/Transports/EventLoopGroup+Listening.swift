extension EventLoopGroup {
    /// How the connections of a server come to the loops of a group.
    public enum Distribution: Sendable, Hashable {
        /// Each loop has a listening socket of its own, and the system deals out the connections,
        /// by a hash of the addresses: accepting is done on all loops, and no connection passes
        /// from one thread to another.
        ///
        /// So it is on Linux, for TCP, by `SO_REUSEPORT`. It is as ``handedOver`` on other systems,
        /// which do not balance then; if one of the addresses is that of a Unix-domain socket; and
        /// if ``ListenOptions/maxConnections`` is lower than the number of loops. Otherwise each
        /// loop has its share of ``ListenOptions/maxConnections``, the first ones one more if it
        /// cannot be divided evenly: a client whose loop has all that it may waits, even if others
        /// have room.
        case system
        /// One loop accepts, and each connection is handed to the loop that has the fewest of this
        /// server's, to equal ones in turn.
        ///
        /// For few connections, or those that last: the system's hash may give one loop twice as
        /// many as another, this does not. ``ListenOptions/maxConnections`` holds exactly, for all
        /// of them together. It costs a post to another thread for each connection.
        case handedOver
    }

    /// Listens on endpoints, for all loops of the group: every connection is served by one of them,
    /// with a protocol that the closure makes there.
    ///
    /// ```swift
    /// let server = try await group.listen(on: .host(nil, port: 7000)) { Echo() }
    /// ```
    ///
    /// The endpoints are those of `EventLoop.listen`. All are bound for all loops, or none. Another
    /// server on the same port is an error, unless ``ListenOptions/reusePort`` is set for both.
    /// ``ListenOptions/backlog`` is that of each listening socket.
    ///
    /// - Parameters:
    ///   - distribution: how the connections come to the loops.
    ///   - makeProtocol: called for each connection, on the thread of its loop, which
    ///     ``EventLoop/current`` tells. If it throws, that connection is closed.
    /// - Throws: ``EndpointError``, which names the address; with ``UVError/canceled`` if the group
    ///   is shut down.
    public func listen<P: BufferedProtocol & SendableMetatype>(
        on endpoints: Endpoint..., options: ListenOptions = ListenOptions(),
        distribution: Distribution = .system,
        file: StaticString = #fileID, line: UInt = #line,
        _ makeProtocol: @escaping @Sendable () throws -> P
    ) async throws -> GroupServer {
        try await server(
            on: endpoints, options, distribution, SourcePlace(file: file, line: line),
            { BufferedEntry<P>() }, makeProtocol)
    }

    /// Listens on endpoints, for all loops of the group, with a plain protocol; as the form for
    /// buffered protocols.
    ///
    /// - Parameters:
    ///   - distribution: how the connections come to the loops.
    ///   - makeProtocol: called for each connection, on the thread of its loop.
    /// - Throws: as the form for buffered protocols.
    public func listen<P: PlainProtocol & SendableMetatype>(
        on endpoints: Endpoint..., options: ListenOptions = ListenOptions(),
        distribution: Distribution = .system,
        file: StaticString = #fileID, line: UInt = #line,
        _ makeProtocol: @escaping @Sendable () throws -> P
    ) async throws -> GroupServer {
        try await server(
            on: endpoints, options, distribution, SourcePlace(file: file, line: line),
            { PlainEntry<P>() }, makeProtocol)
    }

    /// - Parameter makeEntry: each loop's server has an entry of its own.
    private func server(
        on endpoints: [Endpoint], _ options: ListenOptions, _ distribution: Distribution,
        _ place: SourcePlace, _ makeEntry: @escaping @Sendable () -> ProtocolEntry,
        _ makeProtocol: @escaping @Sendable () throws -> AnyObject
    ) async throws -> GroupServer {
        GroupServer(
            self,
            try await listen(on: endpoints, options, distribution, place) {
                (loop, sources, options) throws(EndpointError) in
                LoopServer(
                    server: try TCPServer(
                        loop, sources, options, makeEntry(), place, makeProtocol))
            })
    }
}
