/// Where to listen or connect: an address, a name that is looked up for its addresses, or a
/// Unix-domain socket.
public enum Endpoint: Hashable, Sendable {
    /// A numeric address such as `127.0.0.1` or `::1`; never looked up.
    case ip(String, port: Int)
    /// A name or a numeric address. Nil means every interface of this machine, over IPv4 and IPv6,
    /// when listening, and this machine itself when connecting.
    case host(String?, port: Int)
    /// A Unix-domain socket by its path. A leading zero byte makes it a name in Linux's abstract
    /// namespace, which is no file.
    case unix(String)
    /// An address that is known already.
    case address(SocketAddress)
}

extension Endpoint: CustomStringConvertible {
    /// As users write it: `127.0.0.1:80`, `[::1]:80`, `localhost:80`, `*:80`, `run/app.socket`,
    /// `@name` for an abstract name.
    public var description: String {
        switch self {
        case .ip(let host, let port), .host(.some(let host), let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .host(.none, let port): "*:\(port)"
        case .unix(let path): path.first == "\0" ? "@\(path.dropFirst())" : path
        case .address(let address): address.description
        }
    }
}
