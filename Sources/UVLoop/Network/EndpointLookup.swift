extension EventLoop {
    /// The addresses of an endpoint; a name is looked up.
    ///
    /// - Parameters:
    ///   - anyHost: the texts of the addresses that the nil host stands for.
    ///   - socketType: what the addresses are for: `cuv_stream_type` or `cuv_datagram_type`.
    /// - Throws: ``EndpointError``; `CancellationError` if the task is cancelled meanwhile.
    nonisolated(nonsending) func resolve(
        _ endpoint: Endpoint, anyHost: [String], socketType: Int32
    ) async throws -> [SocketAddress] {
        switch try endpoint.target(anyHost: anyHost) {
        case .addresses(let addresses): return addresses
        case .name(let name, let port):
            let answer = LookupAnswer()
            do {
                return try await answer.wait(on: self) { completion throws(UVError) in
                    try NameLookup.start(
                        self, name, port: port, socketType: socketType, completion)
                }
            } catch let error as UVError {
                throw EndpointError(.resolve, "\(endpoint)", error)
            }
        }
    }
}

/// What a look-up leaves for the task that waits for it; belongs to the loop's thread.
private final class LookupAnswer {
    private let waiter = Waiter()
    private var result: Result<[SocketAddress], UVError>?

    nonisolated(nonsending) func wait(
        on loop: EventLoop,
        begin: (@escaping NameLookup.Completion) throws(UVError) -> NameLookup
    ) async throws -> [SocketAddress] {
        let lookup = try begin { [self] in
            result = $0
            waiter.resume()
        }
        do {
            try await waiter.wait(on: loop)
        } catch {
            lookup.cancel()
            throw error
        }
        return try result!.get()
    }
}
