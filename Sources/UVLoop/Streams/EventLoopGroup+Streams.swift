extension EventLoopGroup {
    /// Listens on endpoints, for all loops of the group: each connection becomes a
    /// ``SocketStream`` of one of them.
    ///
    /// ```swift
    /// let listener = try await group.listen(on: .host(nil, port: 7000))
    /// try await listener.serve { stream in
    ///     for try await chunk in stream { try await stream.send(chunk) }
    /// }
    /// ```
    ///
    /// The endpoints are those of `EventLoop.listen`. All are bound for all loops, or none. Another
    /// server on the same port is an error, unless ``ListenOptions/reusePort`` is set for both.
    /// ``ListenOptions/backlog`` is that of each listening socket.
    ///
    /// - Parameter distribution: how the connections come to the loops.
    /// - Returns: the listener, from any task; it closes when nobody refers to it any more.
    /// - Throws: ``EndpointError``, which names the address; with ``UVError/canceled`` if the group
    ///   is shut down.
    public func listen(
        on endpoints: Endpoint..., options: ListenOptions = ListenOptions(),
        distribution: Distribution = .system,
        file: StaticString = #fileID, line: UInt = #line
    ) async throws -> GroupListener {
        try await listen(
            endpoints, options, distribution, SourcePlace(file: file, line: line))
    }

    private func listen(
        _ endpoints: [Endpoint], _ options: ListenOptions, _ distribution: Distribution,
        _ place: SourcePlace
    ) async throws -> GroupListener {
        GroupListener(
            self,
            try await listen(on: endpoints, options, distribution, place) {
                (loop, sources, options) throws(EndpointError) in
                try Listener(loop, sources, options, place)
            })
    }

    /// Listens on endpoints and serves every connection with a task of its own, on one of the
    /// loops: ``GroupListener/serve(_:)`` of a listener that is not needed for anything else.
    ///
    /// ```swift
    /// try await group.serve(on: .host(nil, port: 7000)) { stream in
    ///     for try await chunk in stream { try await stream.send(chunk) }
    /// }
    /// ```
    ///
    /// Returns when the group is shut down; if the calling task is cancelled, it closes everything
    /// and throws when all handlers have ended.
    ///
    /// - Parameter distribution: how the connections come to the loops.
    /// - Throws: ``EndpointError``, as the form that returns a listener; `CancellationError`.
    public func serve(
        on endpoints: Endpoint..., options: ListenOptions = ListenOptions(),
        distribution: Distribution = .system,
        file: StaticString = #fileID, line: UInt = #line,
        _ handler: @escaping Listener.Handler
    ) async throws {
        try await listen(
            endpoints, options, distribution, SourcePlace(file: file, line: line)
        ).serve(handler)
    }
}
