import ExampleSupport
import UVLoop

/// Receives into its own memory.
final class BufferedClient: BufferedProtocol {
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private let conversation: Conversation

    init(_ conversation: Conversation) { self.conversation = conversation }
    deinit { memory.deallocate() }

    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { memory }
    func bufferUpdated(_ count: Int) throws {
        try conversation.received(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }
    func connectionLost(_ error: (any Error)?) { conversation.ended(error) }
}

/// Receives in memory of the loop.
final class PlainClient: PlainProtocol {
    private let conversation: Conversation

    init(_ conversation: Conversation) { self.conversation = conversation }

    func dataReceived(_ data: RawSpan) throws {
        try data.withUnsafeBytes { try conversation.received($0) }
    }
    func connectionLost(_ error: (any Error)?) { conversation.ended(error) }
}

/// Connects, sends the messages one after the other, checks each echo, and closes.
///
/// - Returns: false if a signal ended it early.
func talk(toPort port: Int, plain: Bool, messages: [Message]) throws -> Bool {
    do {
        try EventLoop.run { loop in
            // Ends the run from outside the closure; what is open is closed then.
            try onTerminationSignal(loop) { loop.stop() }
            let conversation = Conversation()
            let endpoint = Endpoint.ip("127.0.0.1", port: port)
            let transport =
                if plain {
                    try await loop.connect(to: endpoint, PlainClient(conversation))
                } else {
                    try await loop.connect(to: endpoint, BufferedClient(conversation))
                }
            say("connected \(transport.localAddress!) -> \(transport.remoteAddress!)")
            for message in messages {
                try await conversation.exchange(message.bytes, over: transport)
                say("\(message.title): \(message.bytes.count) bytes sent and received")
            }
            transport.close()
            try await conversation.end()
            say("connection lost: orderly")
        }
        return true
    } catch EventLoopError.stopped {
        return false
    }
}

/// What the client sends, and what it calls it.
struct Message: Sendable {
    let title: String
    let bytes: [UInt8]

    init(_ text: String) {
        title = "\"\(text)\""
        bytes = [UInt8](text.utf8)
    }

    /// So many bytes that differ by their place, so that a lost or doubled piece shows.
    init(pattern count: Int) {
        title = "pattern"
        bytes = (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
    }
}
