import Testing

@testable import UVLoop

@Suite struct PackedAddressTests {
    @Test func isEightBytes() {
        #expect(MemoryLayout<PackedAddress>.size == 8)
    }

    @Test func nothingStaysNothing() {
        let packed = PackedAddress(nil)
        #expect(packed.unpacked == nil)
        packed.free()
    }

    @Test(arguments: ["0.0.0.0", "127.0.0.1", "255.255.255.255", "1.2.3.4", "128.0.0.0"])
    func ipv4ComesBack(_ host: String) throws {
        for port in [0, 1, 80, 32_767, 32_768, 65_535] {
            let address = try SocketAddress(ip: host, port: port)
            let packed = PackedAddress(address)
            #expect(packed.unpacked == address)
            #expect(packed.unpacked?.description == "\(host):\(port)")
            packed.free()
        }
    }

    @Test(arguments: ["::", "::1", "fe80::1%lo", "2001:db8::ffff:1", "::ffff:1.2.3.4"])
    func ipv6ComesBack(_ host: String) throws {
        for port in [0, 1, 65_535] {
            let address = try SocketAddress(ip: host, port: port)
            let packed = PackedAddress(address)
            #expect(packed.unpacked == address)
            #expect(packed.unpacked?.scope == address.scope)
            packed.free()
        }
    }

    @Test func randomIPv4AddressesComeBack() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<10_000 {
            let address = SocketAddress(
                ipv4Number: .random(in: 0 ... .max, using: &random),
                port: .random(in: 0 ... .max, using: &random))
            #expect(PackedAddress(address).unpacked == address)
        }
    }
}
