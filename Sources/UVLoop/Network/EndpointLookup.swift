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
            let query = NameQuery(name, socketType: socketType)
            if let known = knownAnswer(to: query) { return known.addresses(port: port) }
            let answer = try await found("\(endpoint)") { done throws(UVError) in
                try startLookup(query, done)
            }
            return answer.addresses(port: port)
        }
    }
}

extension NameAnswer {
    /// The addresses with a port that was no part of the question.
    func addresses(port: Int) -> [SocketAddress] { addresses.map { $0.with(port: port) } }
}
