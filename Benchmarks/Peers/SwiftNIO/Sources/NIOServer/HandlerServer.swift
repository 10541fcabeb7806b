import NIOCore
import NIOPosix

/// A handler in the pipeline of each connection.
struct HandlerServer: RunningServer {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel

    init(_ options: Options) throws {
        let mode = options.mode
        channel = try bootstrap(group, mode)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Self.handler(mode))
                }
            }
            .bind(host: "127.0.0.1", port: options.port).wait()
    }

    private static func handler(_ mode: Options.Mode) -> any ChannelHandler {
        switch mode {
        case .echo: EchoHandler()
        case .sink: SinkHandler()
        case .source: SourceHandler()
        case .frames: FramesHandler()
        }
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    func end() throws { try group.syncShutdownGracefully() }
}

/// Connections end when the client has sent its last byte.
private class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
    func channelActive(context: ChannelHandlerContext) {}
    func channelReadComplete(context: ChannelHandlerContext) {}

    /// A client that sends without reading must not fill our memory.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        context.channel.setOption(.autoRead, value: isWritable).whenFailure { _ in }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else { return }
        // After everything that waits.
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

private final class EchoHandler: ConnectionHandler {
    override func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.write(data, promise: nil)
    }

    override func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }
}

private final class SinkHandler: ConnectionHandler {}

private final class SourceHandler: ConnectionHandler {
    /// One for all connections, as in the other servers: more would fill the processor's cache.
    private static let chunk = ByteBuffer(repeating: 0x55, count: 65_536)

    override func channelActive(context: ChannelHandlerContext) { send(context) }

    override func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { send(context) }
    }

    private func send(_ context: ChannelHandlerContext) {
        // Buffers share their bytes; what is written at once goes out together.
        while context.channel.isActive, context.channel.isWritable {
            while context.channel.isWritable {
                context.write(wrapOutboundOut(Self.chunk), promise: nil)
            }
            context.flush()
        }
    }
}

private final class FramesHandler: ConnectionHandler {
    private var reader = FrameReader()
    private var answers = ByteBuffer()

    override func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            try reader.read(unwrapInboundIn(data), answers: &answers)
        } catch {
            context.close(promise: nil)
        }
    }

    override func channelReadComplete(context: ChannelHandlerContext) {
        guard answers.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(answers), promise: nil)
        answers.clear()
    }
}
