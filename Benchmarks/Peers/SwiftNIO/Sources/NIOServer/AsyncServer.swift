import NIOCore
import NIOPosix

private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>
private typealias Outbound = NIOAsyncChannelOutboundWriter<ByteBuffer>
private typealias Inbound = NIOAsyncChannelInboundStream<ByteBuffer>

/// `NIOAsyncChannel`: a task for each connection, which runs on the event loop too. Else each read
/// and write would be a change of threads.
struct AsyncServer: RunningServer {
    let port: Int
    private let channel: any Channel
    private let ended: EventLoopFuture<Void>

    init(_ options: Options) throws {
        NIOSingletons.groupLoopCountSuggestion = 1
        guard
            NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
        else { fail("the event loop cannot run tasks") }
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let listening = eventLoop.makePromise(of: (any Channel).self)
        ended = eventLoop.makeFutureWithTask {
            do {
                try await serve(options) { listening.succeed($0) }
            } catch {
                listening.fail(error)
            }
        }
        channel = try listening.futureResult.wait()
        port = channel.localAddress?.port ?? 0
    }

    /// NIO ends the process if a connection has been accepted and nobody takes it: so first no more
    /// are accepted, then those under way are served, and only then the listener is closed.
    func end() throws {
        try channel.setOption(.autoRead, value: false).wait()
        try channel.eventLoop.scheduleTask(in: .milliseconds(20)) {}.futureResult.wait()
        try channel.close().wait()
        try ended.wait()
    }
}

private func serve(_ options: Options, _ isListening: (any Channel) -> Void) async throws {
    let server = try await bootstrap(MultiThreadedEventLoopGroup.singleton, options.mode)
        .bind(host: "127.0.0.1", port: options.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try Connection(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
    isListening(server.channel)
    try await withThrowingDiscardingTaskGroup { group in
        try await server.executeThenClose { connections in
            for try await connection in connections {
                group.addTask { await answer(connection, options.mode) }
            }
        }
        group.cancelAll()
    }
}

private func answer(_ connection: Connection, _ mode: Options.Mode) async {
    do {
        try await connection.executeThenClose { inbound, outbound in
            switch mode {
            case .echo: try await echo(inbound, outbound)
            case .sink: for try await _ in inbound {}
            case .source: try await source(outbound)
            case .frames: try await frames(inbound, outbound)
            }
            guard !Task.isCancelled else { return }
            // To close at once would drop what the socket has not taken yet.
            outbound.finish()
            try await connection.channel.closeFuture.get()
        }
    } catch {
        // A client that is gone is nothing to report.
    }
}

private func echo(_ inbound: Inbound, _ outbound: Outbound) async throws {
    for try await bytes in inbound { try await outbound.write(bytes) }
}

/// Several at once, which go out in one vectored write. All connections share their bytes.
private let chunks = [ByteBuffer](
    repeating: ByteBuffer(repeating: 0x55, count: 65_536), count: 8)

private func source(_ outbound: Outbound) async throws {
    while !Task.isCancelled { try await outbound.write(contentsOf: chunks) }
}

private func frames(_ inbound: Inbound, _ outbound: Outbound) async throws {
    var reader = FrameReader()
    var answers = ByteBuffer()
    for try await bytes in inbound {
        try reader.read(bytes, answers: &answers)
        guard answers.readableBytes > 0 else { continue }
        try await outbound.write(answers)
        answers.clear()
    }
}
