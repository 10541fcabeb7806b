extension Endpoint {
    /// What is to be listened on or connected to: addresses, or a name that has to be looked up.
    enum Target {
        case addresses([SocketAddress])
        case name(String, port: Int)
    }

    /// Numeric addresses are known at once; so is what the nil host means.
    ///
    /// - Parameter anyHost: the texts of the addresses that nil stands for.
    func target(anyHost: [String]) throws(EndpointError) -> Target {
        do throws(UVError) {
            switch self {
            case .address(let address): return .addresses([address])
            case .unix(let path): return .addresses([try SocketAddress(unixPath: path)])
            case .ip(let host, let port):
                return .addresses([try SocketAddress(ip: host, port: port)])
            case .host(.none, let port):
                return .addresses(
                    try anyHost.map { host throws(UVError) in
                        try SocketAddress(ip: host, port: port)
                    })
            case .host(.some(let host), let port):
                guard (0...65_535).contains(port) else { throw .invalidArgument }
                if let address = try? SocketAddress(ip: host, port: port) {
                    return .addresses([address])
                }
                return .name(host, port: port)
            }
        } catch {
            throw EndpointError(.resolve, description, error)
        }
    }

    static let everyInterface = ["::", "0.0.0.0"]
    static let thisMachine = ["::1", "127.0.0.1"]
}
