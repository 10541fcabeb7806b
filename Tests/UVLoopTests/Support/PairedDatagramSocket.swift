@testable import UVLoop

extension EventLoop {
    /// Opens one end of a pair; the other end is the raw one.
    func pairedSocket() throws -> (DatagramSocket, RawDatagramSocket) {
        let receiver = DatagramReceiver(DatagramSocket.ReceiveLimits())
        let (transport, peer) = try openPaired(receiver)
        return (DatagramSocket(transport, receiver), peer)
    }
}
