extension EventLoop {
    /// Connects to an endpoint. Returns when the connection stands and the protocol has heard
    /// `connectionMade`.
    ///
    /// A name is looked up, and its addresses race: they begin one ``ConnectOptions/attemptDelay``
    /// apart, the families in turns, and the first that answers wins. The protocol hears of nothing
    /// else. This is Happy Eyeballs, RFC 8305, with one look-up for both families.
    ///
    /// A server on a Unix-domain socket that has no room for another connection is tried again and
    /// again, until the timeout. If such a socket is given a path to connect from, the file stays.
    ///
    /// Binds `uv_getaddrinfo`, `uv_tcp_open`, `uv_pipe_open`; stands for `uv_tcp_bind`,
    /// `uv_tcp_connect`, `uv_pipe_connect`.
    ///
    /// - Parameters:
    ///   - endpoint: where to connect.
    ///   - localAddress: the address to connect from; nil lets the system choose.
    ///   - timeout: for all of it, the look-up included; nil for none but the system's.
    ///   - options: how the addresses are tried.
    ///   - newProtocol: receives what happens on the connection.
    /// - Throws: ``EndpointError``, with each address that was tried; `CancellationError` if the
    ///   task is cancelled: nothing is left open then.
    public nonisolated(nonsending) func connect(
        to endpoint: Endpoint, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
        options: ConnectOptions = ConnectOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ newProtocol: some BufferedProtocol
    ) async throws -> Transport {
        try await connect(
            endpoint, localAddress, timeout, options, ProtocolReference(newProtocol),
            SourcePlace(file: file, line: line))
    }

    /// Connects to an endpoint with a plain protocol; as the form for buffered protocols.
    ///
    /// - Throws: ``EndpointError``, with each address that was tried; `CancellationError` if the
    ///   task is cancelled: nothing is left open then.
    public nonisolated(nonsending) func connect(
        to endpoint: Endpoint, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
        options: ConnectOptions = ConnectOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ newProtocol: some PlainProtocol
    ) async throws -> Transport {
        try await connect(
            endpoint, localAddress, timeout, options, ProtocolReference(newProtocol),
            SourcePlace(file: file, line: line))
    }

    /// Begins to connect to an endpoint: for callbacks, which cannot wait.
    ///
    /// - Parameter completion: called once, later, on the loop's thread: with the transport when
    ///   the connection stands, with the error if it does not come to that.
    /// - Returns: the attempt, to cancel it; it needs not be kept.
    @discardableResult
    public nonisolated func connect(
        to endpoint: Endpoint, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
        options: ConnectOptions = ConnectOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ newProtocol: some BufferedProtocol,
        completion: @escaping (Result<Transport, EndpointError>) throws -> Void
    ) -> ConnectAttempt {
        ConnectAttempt(
            self, to: endpoint, from: localAddress, timeout: timeout, options: options,
            ProtocolReference(newProtocol), madeAt: SourcePlace(file: file, line: line),
            completion)
    }

    /// Begins to connect to an endpoint with a plain protocol.
    ///
    /// - Parameter completion: called once, later, on the loop's thread: with the transport when
    ///   the connection stands, with the error if it does not come to that.
    /// - Returns: the attempt, to cancel it; it needs not be kept.
    @discardableResult
    public nonisolated func connect(
        to endpoint: Endpoint, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
        options: ConnectOptions = ConnectOptions(),
        file: StaticString = #fileID, line: UInt = #line,
        _ newProtocol: some PlainProtocol,
        completion: @escaping (Result<Transport, EndpointError>) throws -> Void
    ) -> ConnectAttempt {
        ConnectAttempt(
            self, to: endpoint, from: localAddress, timeout: timeout, options: options,
            ProtocolReference(newProtocol), madeAt: SourcePlace(file: file, line: line),
            completion)
    }

    /// What all async forms come down to.
    nonisolated(nonsending) func connect(
        _ endpoint: Endpoint, _ localAddress: SocketAddress?, _ timeout: Duration?,
        _ options: ConnectOptions, _ reference: ProtocolReference, _ place: SourcePlace
    ) async throws -> Transport {
        preconditionOnThread("connect")
        let pending = PendingConnect()
        try await pending.wait(on: self) {
            ConnectAttempt(
                self, to: endpoint, from: localAddress, timeout: timeout, options: options,
                reference, madeAt: place, $0)
        }
        switch pending.result! {
        case .success(let transport):
            // Cancelled between the end of the attempt and this line: nobody would get it.
            guard !Task.isCancelled else {
                transport.abort()
                throw CancellationError()
            }
            return transport
        case .failure(let error):
            try Task.checkCancellation()
            throw error
        }
    }
}

/// What the two halves of an async connect share; belongs to the loop's thread.
private final class PendingConnect {
    private var attempt: ConnectAttempt?
    private(set) var result: Result<Transport, EndpointError>?

    /// Suspends the calling task, which runs on the loop, until the attempt has ended; a
    /// cancellation of the task cancels it.
    func wait(
        on loop: EventLoop, isolation: isolated (any Actor)? = #isolation,
        begin: (@escaping ConnectAttempt.Completion) -> ConnectAttempt
    ) async throws {
        // Sound: the handler only passes it on to the loop's thread.
        nonisolated(unsafe) let pending = self
        try await withTaskCancellationHandler {
            // Captured, or the closure would leave the loop's thread for the global executor.
            _ = isolation
            try await withCheckedThrowingContinuation { continuation in
                attempt = begin { result in
                    self.result = result
                    continuation.resume()
                }
                if Task.isCancelled { attempt?.cancel() }
            }
        } onCancel: {
            try? loop.execute { _ in pending.attempt?.cancel() }
        }
    }
}
