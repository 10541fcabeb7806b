/// A socket address in eight bytes, for every connection to keep its peer's: an IPv4 address as it
/// is, an IPv6 address in an object of its own.
struct PackedAddress {
    private final class Box {
        let address: SocketAddress
        init(_ address: SocketAddress) { self.address = address }
    }

    /// 0 for none; for IPv4 the address, the port and a lowest bit of 1; else a retained `Box`,
    /// whose address is even.
    private let bits: UInt64

    init(_ address: SocketAddress?) {
        guard let address else {
            bits = 0
            return
        }
        if let number = address.ipv4Number {
            bits = UInt64(number) << 32 | UInt64(address.port) << 1 | 1
        } else {
            let box = Unmanaged.passRetained(Box(address))
            bits = UInt64(UInt(bitPattern: box.toOpaque()))
        }
    }

    private var box: Unmanaged<Box>? {
        guard bits & 1 == 0, let pointer = UnsafeRawPointer(bitPattern: UInt(bits)) else {
            return nil
        }
        return .fromOpaque(pointer)
    }

    var unpacked: SocketAddress? {
        if bits & 1 == 1 {
            return SocketAddress(
                ipv4Number: UInt32(bits >> 32), port: UInt16(truncatingIfNeeded: bits >> 1))
        }
        return box?._withUnsafeGuaranteedRef { $0.address }
    }

    /// Gives the object of an IPv6 address back. The value is not used any more.
    func free() {
        box?.release()
    }
}
