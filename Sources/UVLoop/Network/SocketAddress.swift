import CUV

/// An IPv4 or IPv6 address with its port, or the name of a Unix-domain socket, as the system's
/// socket calls take it.
///
/// A value: it never refers to the network by itself. IPv6 link-local addresses keep their scope
/// (`fe80::1%eth0`). Names of Unix-domain sockets are paths, or on Linux abstract names, which are
/// no files.
public struct SocketAddress: Sendable {
    /// The family of an address.
    public enum Family: Hashable, Sendable {
        /// IPv4, `AF_INET`.
        case ipv4
        /// IPv6, `AF_INET6`.
        case ipv6
        /// Unix-domain sockets, `AF_UNIX`.
        case unix
    }

    private enum Storage {
        /// Either kind of IP address: the larger of the two structs holds both, and begins alike.
        case ip(sockaddr_in6)
        /// Its bytes are elsewhere: few addresses are so long.
        case unix(UnixName)
    }

    private var storage: Storage

    /// The address that a text says, such as `127.0.0.1`, `::1` or `fe80::1%eth0`; names are not
    /// looked up.
    ///
    /// Binds `uv_ip4_addr`, `uv_ip6_addr`.
    ///
    /// - Throws: ``UVError/invalidArgument`` if the text is no numeric address, or the port is
    ///   outside 0...65,535.
    public init(ip: String, port: Int) throws(UVError) {
        // C would end the text at a zero byte, and libuv cuts what is before a `%` to 39 bytes.
        let address = ip.utf8.prefix { $0 != UInt8(ascii: "%") }
        guard (0...65_535).contains(port), !ip.utf8.contains(0),
            address.count == ip.utf8.count || address.count < 40
        else { throw .invalidArgument }
        let isIPv6 = ip.utf8.contains(UInt8(ascii: ":"))
        var bytes = sockaddr_in6()
        let result = withUnsafeMutablePointer(to: &bytes) { pointer in
            let raw = UnsafeMutableRawPointer(pointer)
            return isIPv6
                ? uv_ip6_addr(ip, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self))
                : uv_ip4_addr(ip, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self))
        }
        try UVError.check(result)
        storage = .ip(bytes)
        // libuv leaves the scope 0 when no interface has that name: that is another address.
        if let percent = ip.firstIndex(of: "%"), isIPv6, scope == 0, ip[percent...] != "%0" {
            throw .invalidArgument
        }
    }

    /// The address of a Unix-domain socket by its path. A leading zero byte makes it an abstract
    /// name, see ``init(abstractName:)``.
    ///
    /// - Throws: ``UVError/nameTooLong`` above what `sockaddr_un` takes, 107 bytes on Linux;
    ///   ``UVError/invalidArgument`` if the path is empty or has another zero byte.
    public init(unixPath: String) throws(UVError) {
        storage = .unix(try UnixName(unixPath))
    }

    /// The address of a Unix-domain socket by a name in Linux's abstract namespace: it is no file,
    /// has no permissions, and goes with the socket.
    ///
    /// - Throws: ``UVError/nameTooLong`` above 107 bytes; ``UVError/invalidArgument`` if the name
    ///   is empty or has a zero byte; ``UVError/notSupported`` elsewhere than on Linux.
    public init(abstractName: String) throws(UVError) {
        storage = .unix(try UnixName("\0" + abstractName))
    }

    /// A copy of what a system call filled in; nil for families other than IPv4 and IPv6.
    init?(copying address: UnsafePointer<sockaddr>) {
        let size: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: size = MemoryLayout<sockaddr_in>.size
        case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var bytes = sockaddr_in6()
        withUnsafeMutableBytes(of: &bytes) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size))
        }
        storage = .ip(bytes)
    }

    /// A copy of what `accept` filled in, with its length; nil for families that have no case.
    init?(copying address: sockaddr_storage, length: socklen_t) {
        switch Int32(address.ss_family) {
        case AF_INET, AF_INET6:
            storage = .ip(withUnsafeBytes(of: address) { $0.load(as: sockaddr_in6.self) })
        case AF_UNIX:
            storage = .unix(
                withUnsafeBytes(of: address) {
                    UnixName(copying: UnsafeRawBufferPointer(rebasing: $0.prefix(Int(length))))
                })
        default: return nil
        }
    }

    /// An IPv4 address from its four bytes as a number, and its port.
    init(ipv4Number: UInt32, port: UInt16) {
        var bytes = sockaddr_in6()
        bytes.sin6_family = sa_family_t(AF_INET)
        withUnsafeMutablePointer(to: &bytes) { pointer in
            UnsafeMutableRawPointer(pointer).withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                $0.pointee.sin_addr.s_addr = ipv4Number.bigEndian
                $0.pointee.sin_port = port.bigEndian
            }
        }
        storage = .ip(bytes)
    }

    /// The address of a Unix-domain socket without a name.
    static let unnamed = SocketAddress(.unnamed)

    private init(_ name: UnixName) {
        storage = .unix(name)
    }

    /// The four bytes of an IPv4 address as a number; nil for others.
    var ipv4Number: UInt32? {
        guard family == .ipv4 else { return nil }
        return with(sockaddr_in.self) { UInt32(bigEndian: $0.pointee.sin_addr.s_addr) }
    }

    /// The address that a `getsockname`-like call of libuv reports.
    init(
        reading call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32
    ) throws(UVError) {
        var address = sockaddr_storage()
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            call(UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), &length)
        }
        try UVError.check(result)
        guard let copy = SocketAddress(copying: address, length: socklen_t(length)) else {
            throw .addressFamilyNotSupported
        }
        self = copy
    }

    /// Calls `body` with the address in the form that socket calls take, valid during the call.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        if case .unix(let name) = storage { return name.withSockaddr(body) }
        let size =
            family == .ipv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        return with(sockaddr.self) { body($0, socklen_t(size)) }
    }

    /// Lends an IP address as one of the structs that begin alike; zeros for other families.
    private func with<T, R>(_ type: T.Type, _ body: (UnsafePointer<T>) -> R) -> R {
        withUnsafePointer(to: ip) { body(UnsafeRawPointer($0).assumingMemoryBound(to: T.self)) }
    }

    private var ip: sockaddr_in6 {
        if case .ip(let bytes) = storage { bytes } else { sockaddr_in6() }
    }

    /// The name of a Unix-domain socket; nil for IP.
    var unixName: UnixName? {
        if case .unix(let name) = storage { name } else { nil }
    }

    var systemFamily: Int32 {
        switch storage {
        case .ip(let bytes): Int32(bytes.sin6_family)
        case .unix: AF_UNIX
        }
    }
}

extension SocketAddress {
    /// IPv4, IPv6 or Unix-domain.
    public var family: Family {
        switch systemFamily {
        case AF_INET: .ipv4
        case AF_UNIX: .unix
        default: .ipv6
        }
    }

    /// Whether this stands for every interface: `0.0.0.0` or `::`.
    public var isUnspecified: Bool {
        switch family {
        case .ipv4: ipv4Number == 0
        case .ipv6: withUnsafeBytes(of: ip.sin6_addr) { $0.allSatisfy { $0 == 0 } }
        case .unix: false
        }
    }

    /// The port, in the host's byte order; 0 for Unix-domain sockets.
    public var port: Int {
        switch family {
        case .ipv4: with(sockaddr_in.self) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
        case .ipv6: Int(UInt16(bigEndian: ip.sin6_port))
        case .unix: 0
        }
    }

    /// Whether the system is to choose the port.
    var leavesPortOpen: Bool { family != .unix && port == 0 }

    /// The path of a Unix-domain socket, as ``init(unixPath:)`` takes it: an abstract name follows
    /// a zero byte. Empty for a socket without a name, such as that of most clients; nil for IP.
    public var path: String? { unixName?.text }

    /// The index of the interface that an IPv6 link-local address belongs to; 0 for none.
    public var scope: UInt32 {
        family == .ipv6 ? ip.sin6_scope_id : 0
    }

    /// The address without its port, as text: `127.0.0.1`, `fe80::1%eth0`; of a Unix-domain socket
    /// what ``description`` says.
    ///
    /// Binds `uv_ip4_name`, `uv_ip6_name`, `uv_if_indextoiid`.
    public var host: String {
        if let unixName { return unixName.description }
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            _ =
                family == .ipv4
                ? with(sockaddr_in.self) { uv_ip4_name($0, buffer.baseAddress, buffer.count) }
                : with(sockaddr_in6.self) { uv_ip6_name($0, buffer.baseAddress, buffer.count) }
            return String(cString: buffer.baseAddress!)
        }
        guard scope != 0 else { return text }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            var size = buffer.count
            guard uv_if_indextoiid(scope, buffer.baseAddress, &size) == 0 else {
                return "\(text)%\(scope)"
            }
            return "\(text)%\(String(cString: buffer.baseAddress!))"
        }
    }

    /// The same address with another port; a Unix-domain socket has none.
    func with(port: Int) -> SocketAddress {
        guard case .ip(var bytes) = storage else { return self }
        // It is at the same place in both structs.
        bytes.sin6_port = in_port_t(port).bigEndian
        var copy = self
        copy.storage = .ip(bytes)
        return copy
    }
}

extension SocketAddress: Hashable, CustomStringConvertible {
    /// Two addresses are equal if family, address, port and scope are, or the names.
    public static func == (left: SocketAddress, right: SocketAddress) -> Bool {
        left.key == right.key
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(key)
    }

    private enum Key: Hashable {
        case ip([UInt8])
        case unix(UnixName)
    }

    // What the address says, without the padding and the flow label.
    private var key: Key {
        if let unixName { return .unix(unixName) }
        let address =
            family == .ipv4
            ? with(sockaddr_in.self) { withUnsafeBytes(of: $0.pointee.sin_addr) { [UInt8]($0) } }
            : withUnsafeBytes(of: ip.sin6_addr) { [UInt8]($0) }
        let numbers = [UInt32(port), scope].flatMap { withUnsafeBytes(of: $0) { [UInt8]($0) } }
        return .ip(address + numbers)
    }

    /// The address and port as users write them: `127.0.0.1:80`, `[::1]:80`. Of Unix-domain
    /// sockets the path, `@name` for an abstract name, and `(unnamed)` for none.
    public var description: String {
        switch family {
        case .ipv4: "\(host):\(port)"
        case .ipv6: "[\(host)]:\(port)"
        case .unix: host
        }
    }
}
