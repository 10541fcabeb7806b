/// Where the connections of a server come from: a socket that listens, or another loop that hands
/// them over. Belongs to the loop's thread.
protocol ConnectionSource: Handle {
    /// The address that the clients connect to.
    var address: SocketAddress { get }
    /// Set by the server, which has to know of an end that is not its own doing.
    var loopWillClose: (() -> Void)? { get set }

    /// Calls `accepted` with the descriptor of each connection, whose owner that is from then on.
    func start(
        backlog: Int, _ accepted: @escaping (_ descriptor: Int32, _ peer: SocketAddress?) -> Void
    ) throws(EndpointError)

    /// Lets clients wait, or gives out their connections again. Idempotent.
    func setAccepting(_ accepts: Bool)
}
