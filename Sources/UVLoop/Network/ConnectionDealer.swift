import CUV
import Synchronization

/// Accepts connections on one loop of a group and hands their descriptors to all of them.
///
/// A descriptor has one owner at any time: this object, then the posted closure, then the loop that
/// runs it, which closes it if it has no use for it any more.
final class ConnectionDealer: Sendable {
    /// The loop that accepts.
    private let loop: EventLoop
    private let dealing: Mutex<Dealing>
    // Sound: both are touched on the loop's thread only.
    nonisolated(unsafe) private var sockets: [ListeningSocket] = []
    /// For each loop what takes its connections, in the order of the sockets.
    nonisolated(unsafe) private var targets: [[HandedConnections]] = []

    init(on loop: EventLoop, memberCount: Int, options: ListenOptions) {
        self.loop = loop
        dealing = Mutex(Dealing(memberCount, maxConnections: options.mostConnections))
    }

    // MARK: On the thread of the loop that accepts

    /// Begins to accept. If it throws, ``end()`` is left to the caller.
    func start(
        _ sockets: [ListeningSocket], for targets: [[HandedConnections]], backlog: Int
    ) throws(EndpointError) {
        self.sockets = sockets
        self.targets = targets
        for (number, socket) in sockets.enumerated() {
            socket.loopWillClose = { [unowned self] in end() }
            try socket.start(backlog: backlog) { [self] descriptor, peer in
                deal(descriptor, peer, number)
            }
        }
    }

    private func deal(_ descriptor: Int32, _ peer: SocketAddress?, _ number: Int) {
        defer { update() }
        while let index = dealing.withLock({ $0.next() }) {
            let target = targets[index][number]
            if target.loop === loop { return target.take(descriptor, peer) }
            // Sound: it is only passed on to its loop's thread.
            nonisolated(unsafe) let passed = target
            do {
                return try target.loop.execute { _ in passed.take(descriptor, peer) }
            } catch {
                // That loop is closed.
                dealing.withLock {
                    $0.arrived(index)
                    $0.ended(index)
                    $0.remove(index)
                }
            }
        }
        cuv_close(descriptor)
    }

    /// Accepts if there is anybody to take connections, else lets the clients wait.
    private func update() {
        let (accepts, isOver) = dealing.withLock { ($0.accepts(), $0.isOver) }
        if isOver { return end() }
        for socket in sockets { socket.setAccepting(accepts) }
    }

    /// Ceases to accept; all loops will hear of it. Idempotent.
    func end() {
        let (sockets, targets) = (sockets, targets)
        self.sockets = []
        self.targets = []
        for socket in sockets { socket.close() }
        for target in targets {
            for source in target {
                // Sound: as above. Refused means that the loop is closed, and the source as well.
                nonisolated(unsafe) let passed = source
                try? source.loop.execute { _ in passed.end() }
            }
        }
    }

    // MARK: From any thread

    func arrived(_ index: Int) { change { $0.arrived(index) } }
    func ended(_ index: Int) { change { $0.ended(index) } }
    func setWanting(_ isWanting: Bool, _ index: Int) { change { $0.setWanting(isWanting, index) } }
    func remove(_ index: Int) { change { $0.remove(index) } }

    private func change(_ body: (inout Dealing) -> Void) {
        let looks = dealing.withLock { dealing in
            body(&dealing)
            return dealing.takeResumption() || dealing.isOver
        }
        // Refused means that the loop is closed, and its sockets with it.
        if looks { try? loop.execute { [self] _ in update() } }
    }
}
