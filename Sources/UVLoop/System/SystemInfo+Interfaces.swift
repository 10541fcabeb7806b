import CUV

extension SystemInfo {
    /// The addresses of the network interfaces that are up, one entry for each address.
    ///
    /// Binds `uv_interface_addresses`, `uv_free_interface_addresses`.
    public static var interfaceAddresses: [InterfaceAddress] {
        get throws(UVError) {
            var list: UnsafeMutablePointer<uv_interface_address_t>?
            var count: Int32 = 0
            try UVError.check(uv_interface_addresses(&list, &count))
            defer { uv_free_interface_addresses(list, count) }
            return UnsafeMutableBufferPointer(start: list, count: Int(count)).indices
                .compactMap { InterfaceAddress(list! + $0) }
        }
    }

    /// The name of the interface with that index, such as `eth0`. Binds `uv_if_indextoname`.
    ///
    /// - Throws: ``UVError/noSuchAddressOrDevice`` if there is none.
    public static func interfaceName(_ index: UInt32) throws(UVError) -> String {
        try text { uv_if_indextoname(index, $0, $1) }
    }

    /// How the interface with that index is called in the text of an IPv6 link-local address, after
    /// the `%`: by its name, on Windows by its number. Binds `uv_if_indextoiid`.
    ///
    /// - Throws: ``UVError/noSuchAddressOrDevice`` if there is none.
    public static func interfaceScope(_ index: UInt32) throws(UVError) -> String {
        try text { uv_if_indextoiid(index, $0, $1) }
    }
}

/// An address of a network interface.
public struct InterfaceAddress: Hashable, Sendable {
    /// The name of the interface: `lo`, `eth0`.
    public let name: String
    /// The address, with port 0; a link-local one has its scope.
    public let address: SocketAddress
    /// The mask of the network, as an address.
    public let netmask: SocketAddress
    /// Whether nobody outside of the machine can be reached by it: a loopback interface.
    public let isInternal: Bool
    /// The six bytes of the hardware's address; zeros if it has none.
    public let hardwareAddress: [UInt8]

    /// Nil for an address that is neither IPv4 nor IPv6.
    fileprivate init?(_ entry: UnsafeMutablePointer<uv_interface_address_t>) {
        func copy<T>(_ union: inout T) -> SocketAddress? {
            withUnsafePointer(to: &union) {
                SocketAddress(
                    copying: UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self))
            }
        }
        guard let address = copy(&entry.pointee.address),
            let netmask = copy(&entry.pointee.netmask)
        else { return nil }
        self.address = address
        self.netmask = netmask
        name = String(copying: entry.pointee.name)
        isInternal = entry.pointee.is_internal != 0
        hardwareAddress = withUnsafeBytes(of: entry.pointee.phys_addr) { [UInt8]($0) }
    }
}
