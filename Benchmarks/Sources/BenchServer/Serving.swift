import UVLoop

/// What serves the clients of one loop.
protocol Service {
    var port: Int { get }
    /// Drops the clients and ceases to listen.
    func end()
    nonisolated(nonsending) func waitEnded() async throws
}

extension TCPServer: Service {
    func end() {
        close()
        abortClients()
    }

    nonisolated(nonsending) func waitEnded() async throws { try await waitClosed() }
}

/// Serves the mode by the API that the options ask for.
func serve(
    on loop: isolated EventLoop, _ options: Options, port: Int
) async throws -> any Service {
    guard options.api == .stream else {
        return try await listen(on: loop, options, port: port)
    }
    let listener = try await loop.listen(on: .ip("127.0.0.1", port: port))
    return StreamService(listener, options.mode)
}

private func listen(
    on loop: isolated EventLoop, _ options: Options, port: Int
) async throws -> TCPServer {
    let endpoint = Endpoint.ip("127.0.0.1", port: port)
    let memory = SharedMemory()
    switch (options.mode, options.api) {
    case (.echo, .buffered):
        return try await loop.listen(on: endpoint) { BufferedEcho(memory) }
    case (.echo, .protocol):
        return try await loop.listen(on: endpoint) { PlainEcho() }
    case (.sink, .buffered):
        return try await loop.listen(on: endpoint) { BufferedSink(memory) }
    case (.sink, .protocol):
        return try await loop.listen(on: endpoint) { PlainSink() }
    case (.source, .buffered), (.source, .protocol):
        return try await loop.listen(on: endpoint) { Source() }
    case (.frames, .buffered):
        return try await loop.listen(on: endpoint) { BufferedFrames(memory) }
    case (.frames, .protocol):
        return try await loop.listen(on: endpoint) { PlainFrames() }
    case (_, .stream): fatalError("streams have no protocol")
    }
}

/// Memory that all connections of a loop read into: what has been read is used up in the callback.
final class SharedMemory {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)

    deinit { bytes.deallocate() }
}
