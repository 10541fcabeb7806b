/// How a transport calls the core of a stream.
final class StreamEntry: ProtocolEntry {
    /// Takes the streams of connections that a listener accepted.
    private let accepted: ((SocketStream) -> Void)?

    init(accepted: ((SocketStream) -> Void)? = nil) {
        self.accepted = accepted
        super.init()
    }

    override var receivingMethod: String { "the receiver of a stream" }

    @inline(__always)
    private func with<R>(_ object: Object, _ body: (StreamCore) -> R) -> R {
        // Sound: this entry is only ever paired with the cores of streams.
        object._withUnsafeGuaranteedRef { body(unsafeDowncast($0, to: StreamCore.self)) }
    }

    override func connectionMade(_ object: Object, _ transport: Transport) {
        with(object) { core in
            core.unmanagedTransport = .passUnretained(transport)
            // The writing end of a pipe has no input.
            core.hasReadEnd = transport.state.hasReadEnd
            if let accepted { accepted(SocketStream(core, transport)) }
        }
    }

    override func ownBuffer(_ object: Object) -> UnsafeMutableRawBufferPointer? {
        with(object) { $0.provideBuffer() }
    }

    override func received(
        _ object: Object, _ buffer: UnsafeMutableRawPointer, _ count: Int
    ) {
        with(object) { $0.received(buffer, count) }
    }

    override func eofReceived(_ object: Object) -> Bool {
        with(object) { $0.eofReceived() }
        // The stream closes when its user says so, or when this side has ended, too.
        return true
    }

    override func connectionLost(_ object: Object, _ error: (any Error)?) {
        with(object) { $0.connectionLost(error) }
    }

    override func writingFailed(_ object: Object, _ error: UVError) -> Bool {
        with(object) { $0.writingFailed(error) }
        return true
    }

    override func loopIsClosing(_ object: Object) { with(object) { $0.loopIsClosing() } }

    override func resumeWriting(_ object: Object) { with(object) { $0.resumeWriting() } }
}
