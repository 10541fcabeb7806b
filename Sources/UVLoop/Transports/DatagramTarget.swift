/// The addresses that a UDP socket is to have.
struct DatagramTarget {
    let local: SocketAddress
    let peer: SocketAddress?

    /// All the pairs of addresses of the same family, in the order of the peers. Without a local
    /// address any will do, without a peer there is none.
    static func all(
        _ locals: [SocketAddress]?, _ peers: [SocketAddress]?
    ) -> [DatagramTarget] {
        guard let peers else {
            return (locals ?? []).map { DatagramTarget(local: $0, peer: nil) }
        }
        return peers.flatMap { peer in
            (locals ?? [peer.anyOfItsFamily]).filter { $0.family == peer.family }
                .map { DatagramTarget(local: $0, peer: peer) }
        }
    }
}

extension SocketAddress {
    /// The address with which the system may choose any, and any port.
    fileprivate var anyOfItsFamily: SocketAddress {
        // Cannot fail: both texts are addresses.
        try! SocketAddress(ip: family == .ipv6 ? "::" : "0.0.0.0", port: 0)
    }
}
