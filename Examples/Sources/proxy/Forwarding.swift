import UVLoop

/// Connects to the target for a client, and joins the two.
func forward(_ client: SocketStream, to target: Endpoint) async throws {
    let loop = client.loop
    try await loop.withConnection(to: target, timeout: .seconds(10)) { server in
        try await join(client, server)
    }
}

/// Passes on what comes on either stream to the other, until both have ended.
func join(_ one: SocketStream, _ other: SocketStream) async throws {
    do {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await pass(from: one, to: other) }
            group.addTask { try await pass(from: other, to: one) }
        }
    } catch {
        // The group has cancelled the other direction. There is nothing left to be graceful about.
        one.abort()
        other.abort()
        throw error
    }
}

/// Passes on one direction, the end included; the other one goes on without it. Whoever is slower
/// makes the other wait: `send` returns when the bytes are taken, and nothing more is received
/// before that.
func pass(from source: SocketStream, to sink: SocketStream) async throws {
    for try await chunk in source { try await sink.send(chunk) }
    try await sink.sendEOF()
}
