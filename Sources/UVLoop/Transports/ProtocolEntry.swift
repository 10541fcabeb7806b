/// How a transport calls its protocol: the protocol's requirements as virtual methods that take the
/// object, so that one entry serves all connections of a server, and a read costs one virtual call
/// and no reference counting.
///
/// An existential would retain and release the protocol around each call and look the requirement
/// up in two steps (about 50 instructions an echo).
@usableFromInline
class ProtocolEntry {
    /// The object that is called, without a reference of its own: the transport holds it.
    @usableFromInline typealias Object = Unmanaged<AnyObject>

    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.
    /// The server that serves its connections by this entry.
    @exclusivity(unchecked) final var server: TCPServer?

    /// Whether the protocol says where the next bytes go: by ``getBuffer(_:_:)``, which runs the
    /// user's code, or else by ``ownBuffer(_:)``.
    final let asksUserForBuffer: Bool

    @usableFromInline init(asksUserForBuffer: Bool = false) {
        self.asksUserForBuffer = asksUserForBuffer
    }

    /// The requirement that hears of received bytes, for reports.
    var receivingMethod: String { "bufferUpdated" }

    /// Where the next bytes go.
    @usableFromInline
    func getBuffer(_ object: Object, _ sizeHint: Int) throws -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
    /// The same, without a call of the user's code and never empty; nil for the loop's memory.
    func ownBuffer(_ object: Object) -> UnsafeMutableRawBufferPointer? { nil }
    @usableFromInline
    func received(_ object: Object, _ buffer: UnsafeMutableRawPointer, _ count: Int) throws {}
    @usableFromInline func connectionMade(_ object: Object, _ transport: Transport) throws {}
    @usableFromInline func eofReceived(_ object: Object) throws -> Bool { false }
    @usableFromInline func connectionLost(_ object: Object, _ error: (any Error)?) throws {}
    @usableFromInline func pauseWriting(_ object: Object) throws {}
    @usableFromInline func resumeWriting(_ object: Object) throws {}
    /// Writing has failed while the connection was open. True to go on reading: there may be bytes
    /// that the peer sent before it went.
    func writingFailed(_ object: Object, _ error: UVError) -> Bool { false }
    /// The loop closes, and is about to abort the open connection.
    func loopIsClosing(_ object: Object) {}
}

/// What both kinds of protocol share.
@usableFromInline
class BaseEntry<P: BaseProtocol>: ProtocolEntry {
    @usableFromInline override init(asksUserForBuffer: Bool) {
        super.init(asksUserForBuffer: asksUserForBuffer)
    }

    @inlinable
    @inline(__always)
    final func with<R>(_ object: Object, _ body: (P) throws -> R) rethrows -> R {
        // Sound: an entry is only ever paired with an object of its type, see ProtocolReference.
        try object._withUnsafeGuaranteedRef { try body(unsafeDowncast($0, to: P.self)) }
    }

    @inlinable
    override func connectionMade(_ object: Object, _ transport: Transport) throws {
        try with(object) { try $0.connectionMade(transport) }
    }
    @inlinable
    override func eofReceived(_ object: Object) throws -> Bool {
        try with(object) { try $0.eofReceived() }
    }
    @inlinable
    override func connectionLost(_ object: Object, _ error: (any Error)?) throws {
        try with(object) { try $0.connectionLost(error) }
    }
    @inlinable
    override func pauseWriting(_ object: Object) throws {
        try with(object) { try $0.pauseWriting() }
    }
    @inlinable
    override func resumeWriting(_ object: Object) throws {
        try with(object) { try $0.resumeWriting() }
    }
}

@usableFromInline
final class PlainEntry<P: PlainProtocol>: BaseEntry<P> {
    @usableFromInline init() { super.init(asksUserForBuffer: false) }

    override var receivingMethod: String { "dataReceived" }

    @inlinable
    override func received(
        _ object: Object, _ buffer: UnsafeMutableRawPointer, _ count: Int
    ) throws {
        let bytes = UnsafeRawBufferPointer(start: buffer, count: count)
        try with(object) { try $0.dataReceived(bytes.bytes) }
    }
}

@usableFromInline
final class BufferedEntry<P: BufferedProtocol>: BaseEntry<P> {
    @usableFromInline init() { super.init(asksUserForBuffer: true) }

    @inlinable
    override func getBuffer(
        _ object: Object, _ sizeHint: Int
    ) throws -> UnsafeMutableRawBufferPointer {
        try with(object) { try $0.getBuffer(sizeHint: sizeHint) }
    }

    @inlinable
    override func received(
        _ object: Object, _ buffer: UnsafeMutableRawPointer, _ count: Int
    ) throws {
        try with(object) { try $0.bufferUpdated(count) }
    }
}

/// A protocol object with the entry of its type.
@usableFromInline
struct ProtocolReference {
    @usableFromInline let entry: ProtocolEntry
    @usableFromInline let object: AnyObject

    @inlinable
    init(_ object: some PlainProtocol) {
        self.init(entry: Self.entry(for: object), object: object)
    }

    @inlinable
    init(_ object: some BufferedProtocol) {
        self.init(entry: Self.entry(for: object), object: object)
    }

    @usableFromInline
    init(entry: ProtocolEntry, object: AnyObject) {
        self.entry = entry
        self.object = object
    }

    @inlinable
    static func entry<P: PlainProtocol>(for object: P) -> ProtocolEntry { PlainEntry<P>() }

    @inlinable
    static func entry<P: BufferedProtocol>(for object: P) -> ProtocolEntry { BufferedEntry<P>() }
}
