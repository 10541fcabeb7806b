import UVLoop

// Several loops: a group serves, and the loop of the main thread waits for the signal to end.

/// Serves the mode by the API that the options ask for, on all loops of a group.
func serve(on group: EventLoopGroup, _ options: Options) async throws -> any Service {
    let endpoint = Endpoint.ip("127.0.0.1", port: options.port)
    guard options.api != .stream else {
        return GroupStreamService(try await group.listen(on: endpoint), options.mode)
    }
    let memory = LoopMemory(group)
    let server =
        switch (options.mode, options.api) {
        case (.echo, .buffered): try await group.listen(on: endpoint) { BufferedEcho(memory.own) }
        case (.echo, .protocol): try await group.listen(on: endpoint) { PlainEcho() }
        case (.sink, .buffered): try await group.listen(on: endpoint) { BufferedSink(memory.own) }
        case (.sink, .protocol): try await group.listen(on: endpoint) { PlainSink() }
        case (.source, _): try await group.listen(on: endpoint) { Source() }
        case (.frames, .buffered):
            try await group.listen(on: endpoint) { BufferedFrames(memory.own) }
        case (.frames, _): try await group.listen(on: endpoint) { PlainFrames() }
        case (_, .stream): fatalError("streams have no protocol")
        }
    return GroupProtocolService(server)
}

/// The memory of each loop of a group.
private struct LoopMemory: Sendable {
    // Sound: each loop only ever touches its own.
    nonisolated(unsafe) private let memories: [ObjectIdentifier: SharedMemory]

    init(_ group: EventLoopGroup) {
        memories = Dictionary(
            uniqueKeysWithValues: group.loops.map { (ObjectIdentifier($0), SharedMemory()) })
    }

    /// That of the loop which the calling thread runs.
    var own: SharedMemory { memories[ObjectIdentifier(EventLoop.current!)]! }
}

/// The server of a group, ended by a signal.
private final class GroupProtocolService: Service {
    private let server: GroupServer
    private var ending: Task<Void, any Error>?

    init(_ server: GroupServer) { self.server = server }

    var port: Int { server.port }

    func end() {
        let server = server
        ending = Task { try await server.shutdown(grace: .zero) }
    }

    nonisolated(nonsending) func waitEnded() async throws {
        try await server.waitClosed()
        try await ending?.value
    }
}

/// The same by streams.
private final class GroupStreamService: Service {
    let port: Int
    private let task: Task<Void, any Error>

    init(_ listener: GroupListener, _ mode: Options.Mode) {
        port = listener.port
        let handler = StreamService.handler(mode)
        task = Task.detached { try await listener.serve(handler) }
    }

    func end() { task.cancel() }

    nonisolated(nonsending) func waitEnded() async throws { _ = await task.result }
}
