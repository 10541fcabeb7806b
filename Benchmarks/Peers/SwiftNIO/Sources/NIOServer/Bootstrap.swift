import NIOCore
import NIOPosix

/// What both APIs configure alike. NIO sets TCP_NODELAY by itself; this says so.
func bootstrap(_ group: any EventLoopGroup, _ mode: Options.Mode) -> ServerBootstrap {
    ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 1_024)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        // The client may have ended before it has got its answers.
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelOption(.recvAllocator, value: receiveBuffers(mode))
        .childChannelOption(.writeBufferWaterMark, value: waterMark(mode))
}

/// Messages are small and of a size in `echo`; elsewhere large reads save calls.
private func receiveBuffers(_ mode: Options.Mode) -> any RecvByteBufferAllocator {
    switch mode {
    case .echo: AdaptiveRecvByteBufferAllocator()
    case .sink, .source: FixedSizeRecvByteBufferAllocator(capacity: 65_536)
    case .frames:
        AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 65_536, maximum: 1 << 20)
    }
}

private func waterMark(_ mode: Options.Mode) -> ChannelOptions.Types.WriteBufferWaterMark {
    switch mode {
    // What is queued goes out in one vectored write.
    case .source: .init(low: 1, high: 1 << 19)
    case .echo, .sink, .frames: .init(low: 32_768, high: 65_536)
    }
}
