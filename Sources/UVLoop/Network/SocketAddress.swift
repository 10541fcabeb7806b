import CUV

/// An IPv4 or IPv6 address with its port, as the system's socket calls take it.
///
/// A value: it never refers to the network by itself. IPv6 link-local addresses keep their scope
/// (`fe80::1%eth0`).
public struct SocketAddress: Sendable {
    /// The family of an address.
    public enum Family: Hashable, Sendable {
        /// IPv4, `AF_INET`.
        case ipv4
        /// IPv6, `AF_INET6`.
        case ipv6
    }

    /// Either kind of address: the larger of the two structs holds both, and begins alike.
    private var storage: sockaddr_in6

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
        storage = sockaddr_in6()
        let isIPv6 = ip.utf8.contains(UInt8(ascii: ":"))
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            let raw = UnsafeMutableRawPointer(pointer)
            return isIPv6
                ? uv_ip6_addr(ip, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self))
                : uv_ip4_addr(ip, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self))
        }
        try UVError.check(result)
        // libuv leaves the scope 0 when no interface has that name: that is another address.
        if let percent = ip.firstIndex(of: "%"), isIPv6, scope == 0, ip[percent...] != "%0" {
            throw .invalidArgument
        }
    }

    /// A copy of what a system call filled in; nil for families other than IPv4 and IPv6.
    init?(copying address: UnsafePointer<sockaddr>) {
        let size: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: size = MemoryLayout<sockaddr_in>.size
        case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        storage = sockaddr_in6()
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size))
        }
    }

    /// A copy of what `accept` filled in; nil for families other than IPv4 and IPv6.
    init?(copying address: sockaddr_storage) {
        guard [AF_INET, AF_INET6].contains(Int32(address.ss_family)) else { return nil }
        storage = withUnsafeBytes(of: address) { $0.load(as: sockaddr_in6.self) }
    }

    /// An IPv4 address from its four bytes as a number, and its port.
    init(ipv4Number: UInt32, port: UInt16) {
        storage = sockaddr_in6()
        storage.sin6_family = sa_family_t(AF_INET)
        withUnsafeMutablePointer(to: &storage) { pointer in
            UnsafeMutableRawPointer(pointer).withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                $0.pointee.sin_addr.s_addr = ipv4Number.bigEndian
                $0.pointee.sin_port = port.bigEndian
            }
        }
    }

    /// The four bytes of an IPv4 address as a number; nil for IPv6.
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
        guard let copy = SocketAddress(copying: address) else { throw .addressFamilyNotSupported }
        self = copy
    }

    /// Calls `body` with the address in the form that socket calls take, valid during the call.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: storage) { pointer in
            body(UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), length)
        }
    }

    private func with<T, R>(_ type: T.Type, _ body: (UnsafePointer<T>) -> R) -> R {
        withUnsafePointer(to: storage) {
            body(UnsafeRawPointer($0).assumingMemoryBound(to: T.self))
        }
    }

    var systemFamily: Int32 { Int32(storage.sin6_family) }

    private var length: socklen_t {
        socklen_t(
            family == .ipv4
                ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
    }
}

extension SocketAddress {
    /// IPv4 or IPv6.
    public var family: Family { systemFamily == AF_INET ? .ipv4 : .ipv6 }

    /// Whether this stands for every interface: `0.0.0.0` or `::`.
    public var isUnspecified: Bool {
        switch family {
        case .ipv4: ipv4Number == 0
        case .ipv6:
            with(sockaddr_in6.self) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { $0.allSatisfy { $0 == 0 } }
            }
        }
    }

    /// The port, in the host's byte order.
    public var port: Int {
        switch family {
        case .ipv4: with(sockaddr_in.self) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
        case .ipv6: with(sockaddr_in6.self) { Int(UInt16(bigEndian: $0.pointee.sin6_port)) }
        }
    }

    /// The index of the interface that an IPv6 link-local address belongs to; 0 for none.
    public var scope: UInt32 {
        family == .ipv4 ? 0 : with(sockaddr_in6.self) { $0.pointee.sin6_scope_id }
    }

    /// The address without its port, as text: `127.0.0.1`, `fe80::1%eth0`.
    ///
    /// Binds `uv_ip4_name`, `uv_ip6_name`, `uv_if_indextoiid`.
    public var host: String {
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            switch family {
            case .ipv4:
                _ = with(sockaddr_in.self) { uv_ip4_name($0, buffer.baseAddress, buffer.count) }
            case .ipv6:
                _ = with(sockaddr_in6.self) { uv_ip6_name($0, buffer.baseAddress, buffer.count) }
            }
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

    /// The same address with another port.
    func with(port: Int) -> SocketAddress {
        var copy = self
        withUnsafeMutablePointer(to: &copy.storage) { pointer in
            let raw = UnsafeMutableRawPointer(pointer)
            let port = in_port_t(port).bigEndian
            switch family {
            case .ipv4: raw.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_port = port
            case .ipv6: raw.assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_port = port
            }
        }
        return copy
    }
}

extension SocketAddress: Hashable, CustomStringConvertible {
    /// Two addresses are equal if family, address, port and scope are.
    public static func == (left: SocketAddress, right: SocketAddress) -> Bool {
        left.key == right.key
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(key)
    }

    // What the address says, without the padding and the flow label.
    private var key: [UInt8] {
        let address =
            switch family {
            case .ipv4:
                with(sockaddr_in.self) { withUnsafeBytes(of: $0.pointee.sin_addr) { [UInt8]($0) } }
            case .ipv6:
                with(sockaddr_in6.self) {
                    withUnsafeBytes(of: $0.pointee.sin6_addr) { [UInt8]($0) }
                }
            }
        let numbers = [UInt32(port), scope].flatMap { withUnsafeBytes(of: $0) { [UInt8]($0) } }
        return address + numbers
    }

    /// The address and port as users write them: `127.0.0.1:80`, `[::1]:80`.
    public var description: String {
        family == .ipv4 ? "\(host):\(port)" : "[\(host)]:\(port)"
    }
}
