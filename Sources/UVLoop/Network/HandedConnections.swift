import CUV

/// The connections to one address that another loop of the group accepts and hands over.
///
/// A handle, but one that never works: it is there so that the loop holds the object and tells it
/// when it closes.
final class HandedConnections: Handle, ConnectionSource {
    let address: SocketAddress
    var loopWillClose: (() -> Void)?
    private let dealer: ConnectionDealer
    /// Which of the group's loops this is.
    private let index: Int
    private var accepted: ((_ descriptor: Int32, _ peer: SocketAddress?) -> Void)?

    /// Those of one loop, for all addresses.
    struct List: Sendable {
        // Sound: touched on their loop's thread only; others pass them on.
        nonisolated(unsafe) let sources: [HandedConnections]
    }

    /// The source of one of the group's loops; nothing comes before
    /// ``ConnectionDealer/start(_:backlog:)``.
    init(
        _ loop: EventLoop, _ index: Int, from dealer: ConnectionDealer, at address: SocketAddress,
        madeAt place: SourcePlace
    ) throws(EndpointError) {
        self.address = address
        self.dealer = dealer
        self.index = index
        do throws(UVError) {
            try super.init(loop, uv_check_t.self, madeAt: place) { uv_check_init($0, $1) }
        } catch {
            throw EndpointError(.listen, "\(address)", error)
        }
    }

    func start(
        backlog: Int, _ accepted: @escaping (_ descriptor: Int32, _ peer: SocketAddress?) -> Void
    ) {
        self.accepted = accepted
        holdByLoop()
    }

    func setAccepting(_ accepts: Bool) { dealer.setWanting(accepts, index) }

    /// Takes a connection that was under way.
    func take(_ descriptor: Int32, _ peer: SocketAddress?) {
        dealer.arrived(index)
        if isOpen, let accepted { return accepted(descriptor, peer) }
        cuv_close(descriptor)
        dealer.ended(index)
    }

    /// Ends the server that takes the connections: nobody accepts any more.
    func end() { loopWillClose?() }

    override func close() {
        guard isOpen else { return }
        accepted = nil
        loopWillClose = nil
        closeHandle()
        dealer.remove(index)
    }

    override func loopIsClosing() {
        end()
        close()
    }

    override var reportName: String { "TCPServer on \(address)" }
}
