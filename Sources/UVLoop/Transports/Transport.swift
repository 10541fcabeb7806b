import CUV

/// One connection: what a protocol writes to, and what calls the protocol.
///
/// What is connected is a TCP socket, a Unix-domain socket, or one end of a pipe, which has one
/// direction only.
///
/// A transport belongs to its loop's thread. The loop holds it, and it holds its protocol, until
/// ``BaseProtocol/connectionLost(_:)`` has been called. It is made by a ``TCPServer``, by
/// `EventLoop.connect` or by `EventLoop.adopt`, never directly.
///
/// **Writing** never blocks and never copies without need: ``write(_:)-(UnsafeRawBufferPointer)``
/// tries the socket at once if nothing is queued; what the socket does not take is copied (or, for
/// arrays, kept) and queued, and all that is queued in one turn goes out in one vectored write.
/// What one callback writes beyond half a MiB is queued, too: so the loop goes on, however fast the
/// peer reads.
///
/// **Reading** goes on by itself until ``pauseReading()``.
///
/// **Ending.** ``close()`` is graceful, ``abort()`` is not, ``writeEOF()`` ends one direction. All
/// three may be called at any time, and again.
///
/// Binds `uv_stream_t`, `uv_tcp_t`, `uv_pipe_t`, `uv_tty_t`.
public final class Transport: Handle {
    typealias Object = Unmanaged<AnyObject>

    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.
    //
    // Small things first, they fill up what the base class leaves of its last word: an idle
    // connection should cost little more than libuv's own struct.
    @exclusivity(unchecked) var state = ConnectionState()
    @exclusivity(unchecked) var input = Input.stopped
    @exclusivity(unchecked) var readSizing = ReadSizing()
    @exclusivity(unchecked) var peer: PackedAddress
    @exclusivity(unchecked) private var entry: Unmanaged<ProtocolEntry>
    @exclusivity(unchecked) private var object: Object
    /// What most connections never need.
    @exclusivity(unchecked) var extras: ConnectionExtras?
    /// How many bytes have been received, dropped ones not counted.
    @exclusivity(unchecked) public internal(set) var receivedByteCount = 0
    /// How many bytes the system has taken to send.
    @exclusivity(unchecked) public internal(set) var sentByteCount = 0

    /// Takes over a connected descriptor; if that fails, it stays the caller's. Nothing happens
    /// before ``begin()``.
    ///
    /// Binds `uv_tcp_init`, `uv_tcp_open`, `uv_pipe_init`, `uv_pipe_open`, `uv_tty_init`.
    init(
        _ loop: EventLoop, adopting descriptor: Int32, _ reference: ProtocolReference,
        kind: Kind = .tcp, directions: ConnectionState.Directions = .both,
        peer: SocketAddress?, madeAt place: SourcePlace
    ) throws(UVError) {
        state = ConnectionState(directions)
        self.peer = PackedAddress(peer)
        entry = .passRetained(reference.entry)
        object = .passRetained(reference.object)
        switch kind {
        case .tcp:
            try super.init(loop, uv_tcp_t.self, madeAt: place) { uv_tcp_init($0, $1) }
            try UVError.check(uv_tcp_open(tcp, descriptor))
        case .pipe:
            try super.init(loop, uv_pipe_t.self, madeAt: place) { uv_pipe_init($0, $1, 0) }
            try UVError.check(uv_pipe_open(memory(as: uv_pipe_t.self), descriptor))
        case .terminal:
            try super.init(loop, uv_tty_t.self, madeAt: place) {
                uv_tty_init($0, $1, descriptor, 0)
            }
        }
        holdByLoop()
        ownDescriptor()
    }

    deinit {
        peer.free()
        entry.release()
        object.release()
    }

    // MARK: Parts

    /// What libuv does about the bytes that come.
    enum Input: UInt8 {
        case stopped, reading
        /// It reads, and the protocol is being asked for a buffer: libuv must not be told to stop
        /// or to close meanwhile, see ``StreamCallbacks``.
        case allocating
    }

    /// Whether libuv is reading.
    var isReading: Bool { input != .stopped }
    var isAllocating: Bool { input == .allocating }

    var stream: UnsafeMutablePointer<uv_stream_t> {
        @inline(__always) get { memory(as: uv_stream_t.self) }
    }

    /// The rarely needed part, made when it is needed.
    var neededExtras: ConnectionExtras {
        if let extras { return extras }
        let made = ConnectionExtras()
        extras = made
        return made
    }

    override var reportName: String {
        "Transport to \(remoteAddress.map { "\($0)" } ?? "nobody")"
    }

    // MARK: The protocol

    /// The object that receives what happens on this connection.
    public var currentProtocol: any BaseProtocol {
        object._withUnsafeGuaranteedRef { $0 as! any BaseProtocol }
    }

    /// Lets another protocol take over: what comes next, the next byte included, goes to it. It
    /// hears no `connectionMade`. Also from inside a callback of the present one.
    public func setProtocol(_ newProtocol: some BufferedProtocol) {
        setProtocol(ProtocolReference(newProtocol))
    }

    /// Lets another protocol take over; see ``setProtocol(_:)-(BufferedProtocol)``.
    public func setProtocol(_ newProtocol: some PlainProtocol) {
        setProtocol(ProtocolReference(newProtocol))
    }

    private func setProtocol(_ reference: ProtocolReference) {
        loop.assertOnThread()
        if let server { neededExtras.server = server }
        let (oldEntry, oldObject) = (entry, object)
        entry = .passRetained(reference.entry)
        object = .passRetained(reference.object)
        // The old one may be the caller: it has to live until its callback is over.
        loop.core.releaseLater(oldEntry.takeRetainedValue())
        loop.core.releaseLater(oldObject.takeRetainedValue())
    }

    /// The server that accepted this connection.
    var server: TCPServer? {
        extras?.server ?? entry._withUnsafeGuaranteedRef { $0.server }
    }

    /// Calls the protocol. An error is reported and returned.
    @inline(__always)
    func call(
        _ method: @autoclosure () -> String, _ body: (ProtocolEntry, Object) throws -> Void
    ) -> (any Error)? {
        call(method(), isWatched: withCore { $0.isDebug }, body)
    }

    @inline(__always)
    private func call(
        _ method: @autoclosure () -> String, isWatched: Bool,
        _ body: (ProtocolEntry, Object) throws -> Void
    ) -> (any Error)? {
        let object = object
        return withCore { core in
            core.caught(.protocolMethod(method()), madeAt: debugPlace, isWatched: isWatched) {
                try entry._withUnsafeGuaranteedRef { try body($0, object) }
            }
        }
    }

    /// Tells the protocol that bytes have come. An error is reported and returned.
    @inline(__always)
    func callReceived(
        _ base: UnsafeMutableRawPointer, _ count: Int, isWatched: Bool
    ) -> (any Error)? {
        // The names of the requirement differ, and the protocol that failed may have been replaced
        // by then; its entry lives on until the callback is over.
        let entry = entry
        return call(
            entry._withUnsafeGuaranteedRef { $0.receivingMethod }, isWatched: isWatched
        ) {
            try $0.received($1, base, count)
        }
    }

    /// Whether ``callGetBuffer(_:)`` says where the next bytes go, or ``callOwnBuffer()``.
    @inline(__always)
    var asksUserForBuffer: Bool { entry._withUnsafeGuaranteedRef { $0.asksUserForBuffer } }

    /// Asks the protocol where to put the next bytes.
    @inline(__always)
    func callGetBuffer(_ hint: Int) throws -> UnsafeMutableRawBufferPointer {
        let object = object
        return try entry._withUnsafeGuaranteedRef { try $0.getBuffer(object, hint) }
    }

    /// Asks a protocol of the library; nil for the loop's memory.
    @inline(__always)
    func callOwnBuffer() -> UnsafeMutableRawBufferPointer? {
        let object = object
        return entry._withUnsafeGuaranteedRef { $0.ownBuffer(object) }
    }

    /// Tells the protocol that writing has failed. Whether it goes on reading.
    func callWritingFailed(_ error: UVError) -> Bool {
        let object = object
        return entry._withUnsafeGuaranteedRef { $0.writingFailed(object, error) }
    }

    /// Which object the protocol is.
    var objectIdentity: UnsafeMutableRawPointer {
        @inline(__always) get { object.toOpaque() }
    }

    // MARK: Life

    /// Tells the protocol and begins to read.
    func begin() {
        if let error = call("connectionMade", { try $0.connectionMade($1, self) }) {
            return fail(error)
        }
        updateReading()
        if state.reading == .never { watchReader() }
    }

    /// Ends the connection gracefully: sends what is queued, then an end of file, waits for the
    /// peer's, and closes. Received bytes are dropped from now on, but read: closing a socket with
    /// unread input resets it, and that would destroy bytes on their way to the peer.
    ///
    /// ``BaseProtocol/connectionLost(_:)`` follows, with nil unless the connection fails on the
    /// way. A peer that does not end its side is waited for as long as ``closeTimeout``.
    /// Idempotent.
    ///
    /// Binds `uv_shutdown`, `uv_close`.
    public override func close() {
        loop.assertOnThread()
        perform(state.close())
    }

    /// Ends the connection at once: what is queued is dropped, what the peer sends as well.
    ///
    /// ``BaseProtocol/connectionLost(_:)`` follows with nil. Idempotent. Binds `uv_close`.
    public func abort() {
        loop.assertOnThread()
        end(nil)
    }

    /// Ends the writing side: the peer sees an end of file after what has been written; reading
    /// goes on. Idempotent. Once the peer has ended its side, too, the connection closes; the
    /// writing end of a pipe closes at once then, because it has no other side.
    ///
    /// Binds `uv_shutdown`.
    public func writeEOF() {
        loop.assertOnThread()
        perform(state.endWriting())
    }

    /// Whether ``close()`` or ``abort()`` has been called or the connection is gone.
    public var isClosed: Bool { state.isClosing }

    /// How long ``close()`` waits for the peer to end its side, after everything is sent; 5 seconds
    /// at first.
    public var closeTimeout: Duration {
        get { extras?.closeTimeout ?? ConnectionExtras.defaultCloseTimeout }
        set { neededExtras.closeTimeout = newValue }
    }

    override func loopIsClosing() {
        entry._withUnsafeGuaranteedRef { $0.loopIsClosing(object) }
        abort()
    }

    /// Does what a change of state asks for.
    func perform(_ action: ConnectionState.Action) {
        switch action {
        case .nothing: break
        case .reportEndOfFile: reportEndOfFile()
        case .flush: if hasSentAll { perform(state.flushed()) }
        case .shutDown: shutDown()
        case .drain: drain()
        case .finish: closeUnlessAllocating()
        }
        updateReading()
    }

    private func reportEndOfFile() {
        var keepOpen = false
        if let error = call("eofReceived", { keepOpen = try $0.eofReceived($1) }) {
            fail(error)
        } else {
            perform(state.endOfFileAnswered(keepOpen: keepOpen))
        }
    }

    private func shutDown() {
        let result = ShutdownRequest.start(self)
        if result < 0 { fail(UVError(rawValue: result)) }
    }

    /// The writing side has been shut down, or could not be.
    func shutDownEnded(_ status: Int32) {
        // ENOTCONN: the peer has reset the connection, which reading will tell as well.
        guard status == 0 || status == UV_ENOTCONN.rawValue else {
            if status != UV_ECANCELED.rawValue { fail(UVError(rawValue: status)) }
            return
        }
        perform(state.shutDownEnded())
    }

    private func drain() {
        neededExtras.deadline = loop.callLater(closeTimeout) { [unowned self] in end(nil) }
    }

    /// The connection has failed; an error of the network, or of a callback.
    @inline(never)
    func fail(_ error: any Error) { end(error) }

    private func end(_ error: (any Error)?) {
        guard state.abort() else { return }
        if let error { neededExtras.error = error }
        closeUnlessAllocating()
    }

    func closeUnlessAllocating() {
        guard !isAllocating else { return }
        keepLocalAddress()
        extras?.deadline?.stop()
        stopWatching()
        extras?.fileSending?.shutDown()
        resetTerminalMode()
        closeHandle()
    }

    override func didClose() {
        input = .stopped
        extras?.dropQueue()
        _ = call("connectionLost") { [error = extras?.error] in try $0.connectionLost($1, error) }
        server?.connectionEnded()
        extras?.whenStill.take()?()
        loop.core.drainIfNeeded()
    }
}
