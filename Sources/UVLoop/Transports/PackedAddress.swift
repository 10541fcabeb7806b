/// A socket address in eight bytes, for every connection to keep its peer's: an IPv4 address and
/// the unnamed peer of a Unix socket as they are, any other in an object of its own.
struct PackedAddress {
    private final class Box {
        let address: SocketAddress
        init(_ address: SocketAddress) { self.address = address }
    }

    /// 0 for none; for IPv4 the address, the port and a lowest bit of 1; ``unnamedBits``; else a
    /// retained `Box`, whose address is a multiple of four.
    private let bits: UInt64

    private static let unnamedBits: UInt64 = 2

    init(_ address: SocketAddress?) {
        guard let address else {
            bits = 0
            return
        }
        if let number = address.ipv4Number {
            bits = UInt64(number) << 32 | UInt64(address.port) << 1 | 1
        } else if address.unixName?.isUnnamed == true {
            bits = Self.unnamedBits
        } else {
            let box = Unmanaged.passRetained(Box(address))
            bits = UInt64(UInt(bitPattern: box.toOpaque()))
        }
    }

    private var box: Unmanaged<Box>? {
        guard bits & 3 == 0, let pointer = UnsafeRawPointer(bitPattern: UInt(bits)) else {
            return nil
        }
        return .fromOpaque(pointer)
    }

    var unpacked: SocketAddress? {
        if bits & 1 == 1 {
            return SocketAddress(
                ipv4Number: UInt32(bits >> 32), port: UInt16(truncatingIfNeeded: bits >> 1))
        }
        if bits == Self.unnamedBits { return .unnamed }
        return box?._withUnsafeGuaranteedRef { $0.address }
    }

    /// Gives the object of a large address back. The value is not used any more.
    func free() {
        box?.release()
    }
}
