import CUV

/// How a server listens.
public struct ListenOptions: Sendable, Hashable {
    /// How many connections may wait to be accepted; the system may allow fewer. 511 at first.
    public var backlog = 511
    /// Whether several sockets may listen on the same port, as when each of several loops has its
    /// own: `SO_REUSEPORT`. False at first.
    public var reusePort = false
    /// The most connections that may be open at a time; while there are so many, clients wait in
    /// the backlog. Nil, as at first, for no bound.
    public var maxConnections: Int?
    /// Whether small writes are sent without delay: `TCP_NODELAY`. True at first.
    public var noDelay = true
    /// The permissions of the files of Unix-domain sockets, such as 0o600; they are set before
    /// anybody can connect. Nil, as at first, for what the process's mask leaves. With an abstract
    /// name, which has no permissions, it is an error.
    public var mode: Int?

    /// The options as they are at first.
    public init() {}

    /// The bound of connections, as a number.
    var mostConnections: Int { maxConnections ?? .max }
}

/// Listens on one or more addresses and makes a protocol for every connection: on ports of TCP, on
/// Unix-domain sockets, or on both.
///
/// Made by `EventLoop.listen`.
/// It belongs to the loop's thread. While it listens, the loop holds it.
///
/// A Unix-domain socket makes a file. Where one is left by a server that is gone, it is removed
/// first; any other file is an error, and so is a server that is still there. When the server
/// ceases to listen, it removes its own file, unless there is another one in its place by then.
///
/// No failure to accept ends a server: when the process is out of descriptors, say, that is
/// reported to the loop's exception handler, the clients wait, and it tries again after a pause. If
/// making the protocol throws, that connection is closed and the next one served.
public final class TCPServer {
    /// The loop that the server lives on.
    public let loop: EventLoop
    /// The addresses that it listens on; with the port that the system chose where 0 was asked for.
    public let addresses: [SocketAddress]
    /// The one address that every connection has on this side; nil if that depends.
    let onlyAddress: SocketAddress?
    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.

    /// How many connections are open that this server accepted.
    @exclusivity(unchecked) public private(set) var connectionCount = 0
    @exclusivity(unchecked) private var listeners: [any ConnectionSource]
    private let waiters = WaiterList()
    private let maxConnections: Int
    /// Whether a connection is being made, which is not counted yet. The factory may close.
    @exclusivity(unchecked) private var isAccepting = false
    /// Called once, when it ceases to listen.
    @exclusivity(unchecked) var onClose: (() -> Void)?
    /// Called for every connection that is gone, also for one that no protocol could be made for.
    @exclusivity(unchecked) var onConnectionEnd: (() -> Void)?
    /// Whether there is anybody to take connections.
    @exclusivity(unchecked) private var isWanted = true

    /// Binds all addresses or none, then listens.
    convenience init(
        _ loop: EventLoop, binding addresses: [SocketAddress], options: ListenOptions,
        _ entry: ProtocolEntry, madeAt place: SourcePlace,
        _ makeProtocol: @escaping () throws -> AnyObject
    ) throws(EndpointError) {
        loop.preconditionOnThread("TCPServer")
        try self.init(
            loop, try Self.bind(loop, addresses, options, place), options, entry, place,
            makeProtocol)
    }

    /// Takes a socket over that listens already. If that fails it stays the caller's.
    convenience init(
        _ loop: EventLoop, adopting descriptor: Int32, options: ListenOptions,
        _ entry: ProtocolEntry, madeAt place: SourcePlace,
        _ makeProtocol: @escaping () throws -> AnyObject
    ) throws(EndpointError) {
        loop.preconditionOnThread("TCPServer")
        let listener = try ListeningSocket(
            loop, adopting: descriptor, options: options, madeAt: place)
        try self.init(loop, [listener], options, entry, place, makeProtocol)
    }

    /// Serves the connections of sources, and closes them if that fails.
    init(
        _ loop: EventLoop, _ listeners: [any ConnectionSource], _ options: ListenOptions,
        _ entry: ProtocolEntry, _ place: SourcePlace,
        _ makeProtocol: @escaping () throws -> AnyObject
    ) throws(EndpointError) {
        maxConnections = options.mostConnections
        self.loop = loop
        self.listeners = listeners
        addresses = listeners.map(\.address)
        onlyAddress = listeners.count == 1 && !addresses[0].isUnspecified ? addresses[0] : nil
        entry.server = self
        for listener in listeners {
            listener.loopWillClose = { [unowned self] in close() }
            let kind = listener.address.transportKind
            do throws(EndpointError) {
                try listener.start(backlog: options.backlog) { [unowned self] descriptor, peer in
                    accept(descriptor, kind, peer, entry, place, makeProtocol)
                }
            } catch {
                entry.server = nil
                close()
                throw error
            }
        }
    }

    /// The port of the first address that has one; 0 if only Unix-domain sockets are listened on.
    public var port: Int { addresses.first { $0.port != 0 }?.port ?? 0 }

    /// Whether it still accepts connections.
    public var isListening: Bool { !listeners.isEmpty && !loop.isClosed }

    // MARK: Binding

    /// Where the system is to choose the port, it is the same for all addresses: so when one finds
    /// it taken, all begin anew.
    static func bind(
        _ loop: EventLoop, _ addresses: [SocketAddress], _ options: ListenOptions,
        _ place: SourcePlace
    ) throws(EndpointError) -> [ListeningSocket] {
        guard !addresses.isEmpty else { throw EndpointError(.bind, "nowhere", .invalidArgument) }
        guard options.mostConnections > 0 else {
            throw EndpointError(.listen, "\(addresses[0])", .invalidArgument)
        }
        var tries = 8
        while true {
            tries -= 1
            var listeners: [ListeningSocket] = []
            // The port that the present address has to share.
            var chosen: Int?
            do throws(EndpointError) {
                for var address in addresses {
                    chosen = nil
                    if address.leavesPortOpen {
                        chosen = listeners.map(\.address.port).first { $0 != 0 }
                        address = address.with(port: chosen ?? 0)
                    }
                    listeners.append(
                        try ListeningSocket(
                            loop, binding: address, options: options, madeAt: place))
                }
                return listeners
            } catch {
                for listener in listeners { listener.close() }
                guard error.code == .addressInUse, chosen != nil, tries > 0 else { throw error }
            }
        }
    }

    // MARK: Connections

    private func accept(
        _ descriptor: Int32, _ kind: Transport.Kind, _ peer: SocketAddress?,
        _ entry: ProtocolEntry, _ place: SourcePlace, _ makeProtocol: () throws -> AnyObject
    ) {
        isAccepting = true
        defer {
            isAccepting = false
            if isOver { waiters.resumeAll(loop.core) }
        }
        var made: AnyObject?
        loop.core.guarded(.serverFactory) { made = try makeProtocol() }
        guard let made else { return drop(descriptor) }
        do throws(UVError) {
            let transport = try Transport(
                loop, adopting: descriptor, ProtocolReference(entry: entry, object: made),
                kind: kind, peer: peer, madeAt: place)
            connectionCount += 1
            if connectionCount >= maxConnections { updateAccepting() }
            transport.begin()
        } catch {
            drop(descriptor)
            loop.core.report(
                ExceptionContext("a connection was dropped", error: error, source: .server))
        }
    }

    private func drop(_ descriptor: Int32) {
        cuv_close(descriptor)
        onConnectionEnd?()
    }

    /// Called by each transport when its connection is gone.
    func connectionEnded() {
        connectionCount -= 1
        onConnectionEnd?()
        if connectionCount == maxConnections - 1 { updateAccepting() }
        if isOver { waiters.resumeAll(loop.core) }
    }

    private var clients: [Transport] {
        var found: [Transport] = []
        guard !loop.core.isClosed else { return found }
        loop.core.forEachHandleObject { handle in
            if let transport = handle as? Transport, transport.server === self {
                found.append(transport)
            }
        }
        return found
    }

    /// Lets clients wait in the backlog as long as nobody would take them. Idempotent.
    func setWanted(_ isWanted: Bool) {
        guard isWanted != self.isWanted else { return }
        self.isWanted = isWanted
        updateAccepting()
    }

    private func updateAccepting() {
        let accepts = isWanted && connectionCount < maxConnections
        for listener in listeners { listener.setAccepting(accepts) }
    }

    // MARK: Ending

    private var isOver: Bool { listeners.isEmpty && connectionCount == 0 && !isAccepting }

    /// Ceases to accept connections; those that are open stay so. The ports and paths are free when
    /// this returns. Idempotent.
    public func close() {
        loop.assertOnThread()
        let open = listeners
        listeners = []
        for listener in open { listener.close() }
        onClose?()
        onClose = nil
        if !open.isEmpty, isOver { waiters.resumeAll(loop.core) }
    }

    /// Closes every open connection gracefully; see ``Transport/close()``.
    public func closeClients() {
        loop.assertOnThread()
        for transport in clients { transport.close() }
    }

    /// Aborts every open connection; see ``Transport/abort()``.
    public func abortClients() {
        loop.assertOnThread()
        for transport in clients { transport.abort() }
    }

    /// Returns when the server is closed and all its connections are gone.
    ///
    /// - Throws: `CancellationError` if the task is cancelled; the server goes on then.
    public nonisolated(nonsending) func waitClosed() async throws {
        loop.preconditionOnThread("waitClosed")
        guard !isOver, !loop.core.isClosed else { return try Task.checkCancellation() }
        try await waiters.wait(on: loop)
    }

    /// Ends the server in order: ceases to accept, closes the connections gracefully, aborts those
    /// that are left after a time, and returns when all are gone.
    ///
    /// - Parameter grace: how long to wait before aborting.
    /// - Throws: `CancellationError` if the task is cancelled: what is left is aborted then.
    public nonisolated(nonsending) func shutdown(grace: Duration) async throws {
        loop.preconditionOnThread("shutdown")
        close()
        closeClients()
        let timer = loop.callLater(grace) { [self] in abortClients() }
        defer { timer.stop() }
        do {
            try await waitClosed()
        } catch {
            abortClients()
            throw error
        }
    }
}
