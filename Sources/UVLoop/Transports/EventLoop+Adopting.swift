import CUV

extension EventLoop {
    /// Makes a transport of a descriptor that is connected already: a TCP socket, a Unix-domain
    /// socket, or either end of a pipe or FIFO.
    ///
    /// The descriptor is the transport's from then on, which closes it: it must not be used or
    /// closed elsewhere. It is made non-blocking, for all who share it, and above the three
    /// standard ones close-on-exec. Those three stay open at its end, because libuv never closes
    /// them: an end that is not sent, as that of a pipe, is seen when the process ends. If this
    /// throws, it is still the caller's. The protocol has heard `connectionMade` when this returns.
    ///
    /// A reading end of a pipe refuses to write; its end of file ends the transport. A writing end
    /// ends when its reader goes: with nil if everything has been read, else with
    /// ``UVError/brokenPipe``.
    ///
    /// Binds `uv_guess_handle`, `uv_tcp_open`, `uv_pipe_open`.
    ///
    /// - Throws: ``UVError/inappropriateFileType`` for a regular file, a device, a terminal, a
    ///   datagram socket or a FIFO opened in both directions; ``UVError/notConnected`` for a socket
    ///   that is not connected; ``UVError/badFileDescriptor``.
    @discardableResult
    public nonisolated func adopt(
        descriptor: Int32, file: StaticString = #fileID, line: UInt = #line,
        _ newProtocol: some BufferedProtocol
    ) throws(UVError) -> Transport {
        try adopt(descriptor, ProtocolReference(newProtocol), SourcePlace(file: file, line: line))
    }

    /// Makes a transport with a plain protocol of a descriptor that is connected already; as the
    /// form for buffered protocols.
    ///
    /// - Throws: as the form for buffered protocols; the descriptor is still the caller's then.
    @discardableResult
    public nonisolated func adopt(
        descriptor: Int32, file: StaticString = #fileID, line: UInt = #line,
        _ newProtocol: some PlainProtocol
    ) throws(UVError) -> Transport {
        try adopt(descriptor, ProtocolReference(newProtocol), SourcePlace(file: file, line: line))
    }

    nonisolated func adopt(
        _ descriptor: Int32, _ reference: ProtocolReference, _ place: SourcePlace
    ) throws(UVError) -> Transport {
        preconditionOnThread("adopt")
        let found = try AdoptedKind(of: descriptor)
        let transport = try Transport(
            self, adopting: descriptor, reference, kind: found.kind, directions: found.directions,
            peer: found.peer, madeAt: place)
        // Programs that are started may be meant to have the standard ones.
        if descriptor > STDERR_FILENO { cuv_set_close_on_exec(descriptor) }
        if found.kind == .tcp { uv_tcp_nodelay(transport.tcp, 1) }
        transport.begin()
        return transport
    }

    /// Two Unix-domain stream sockets that are connected with each other; both are the caller's:
    /// one can be adopted and the other given to a thread, a process or another loop.
    ///
    /// They are blocking and close-on-exec. May be called on any thread. Binds `uv_socketpair`.
    public static func socketPair() throws(UVError) -> (Int32, Int32) {
        var pair: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutablePointer(to: &pair) {
            $0.withMemoryRebound(to: uv_os_sock_t.self, capacity: 2) {
                uv_socketpair(cuv_stream_type, 0, $0, 0, 0)
            }
        }
        try UVError.check(result)
        return pair
    }

    /// The two ends of a new pipe; both are the caller's, as those of ``socketPair()``.
    ///
    /// They are blocking and close-on-exec. May be called on any thread. Binds `uv_pipe`.
    public static func pipe() throws(UVError) -> (reading: Int32, writing: Int32) {
        var pair: (reading: Int32, writing: Int32) = (-1, -1)
        let result = withUnsafeMutablePointer(to: &pair) {
            $0.withMemoryRebound(to: uv_file.self, capacity: 2) { uv_pipe($0, 0, 0) }
        }
        try UVError.check(result)
        return pair
    }
}
