import Glibc
import NIOCore
import NIOPosix

private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

/// A task that waits for bytes of an async channel, against a handler that gets them: connections
/// on which one byte after the other comes, each sent when the one before has been received. The
/// system calls are the same, so the difference is what the task costs. Tasks run on the event
/// loop.
func waits() throws -> Double {
    NIOSingletons.groupLoopCountSuggestion = 1
    guard NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
    else { fatalError("the event loop cannot run tasks") }
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let differences = try (0..<21).map { number in
        // Every other time the other way round.
        guard number.isMultiple(of: 2) else {
            return try PassedBytes(loop).byTasks() - PassedBytes(loop).byHandlers()
        }
        let reference = try PassedBytes(loop).byHandlers()
        return try PassedBytes(loop).byTasks() - reference
    }
    return differences.sorted()[differences.count / 2]
}

/// The clients' side, sockets without a loop: the bytes that go round, and what they cost.
///
/// Sendable without the compiler's check: everything is done on the loop's thread, the rest of it
/// before and after.
private final class PassedBytes: @unchecked Sendable {
    private static let connections = 50
    private static let count = 20_000

    private let loop: any EventLoop
    private var clients: [Int32] = []
    private var channels: [any Channel] = []
    private var left = count
    private var begun = 0.0
    private var cost = 0.0
    private let ended: EventLoopPromise<Void>

    init(_ loop: any EventLoop) {
        self.loop = loop
        ended = loop.makePromise()
    }

    /// Sends a byte to the server's side of a client. False when it is enough.
    func sendNext(_ client: Int32) -> Bool {
        left -= 1
        if left == 0 {
            cost = (processCPUTime() - begun) / Double(Self.count)
            ended.succeed()
        }
        guard left > 0 else { return false }
        var byte: UInt8 = 0
        precondition(write(client, &byte, 1) == 1)
        return true
    }

    func byHandlers() throws -> Double {
        try run { channel, client in
            try channel.pipeline.syncOperations.addHandler(Receiver(self, client))
        }
    }

    func byTasks() throws -> Double {
        try run { channel, client in
            let connection = try Connection(wrappingChannelSynchronously: channel)
            Task {
                try? await connection.executeThenClose { inbound, _ in
                    for try await _ in inbound {
                        guard self.sendNext(client) else { break }
                    }
                }
            }
        }
    }

    private func run(_ serve: @escaping @Sendable (any Channel, Int32) throws -> Void) throws
        -> Double
    {
        for _ in 0..<Self.connections {
            var pair: [Int32] = [0, 0]
            precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
            let client = pair[1]
            clients.append(client)
            let channel = try ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try serve(channel, client) }
                }
                .withConnectedSocket(pair[0]).wait()
            channels.append(channel)
        }
        try loop.onThread {
            self.begun = processCPUTime()
            for client in self.clients { _ = self.sendNext(client) }
        }
        try ended.futureResult.wait()
        for client in clients { close(client) }
        for channel in channels { try channel.closeFuture.wait() }
        return cost
    }

    private final class Receiver: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let passed: PassedBytes
        private let client: Int32

        init(_ passed: PassedBytes, _ client: Int32) {
            self.passed = passed
            self.client = client
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            _ = passed.sendNext(client)
        }
    }
}
