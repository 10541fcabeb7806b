import Testing

@testable import UVLoop

@Suite struct SocketAddressTests {
    @Test(arguments: ["127.0.0.1", "0.0.0.0", "255.255.255.255", "10.20.30.40"])
    func ipv4IsReadAndWritten(_ text: String) throws {
        let address = try SocketAddress(ip: text, port: 80)
        #expect(address.family == .ipv4)
        #expect(address.host == text)
        #expect(address.port == 80)
        #expect(address.scope == 0)
        #expect(address.description == "\(text):80")
    }

    @Test(arguments: [
        ("::1", "::1"), ("::", "::"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("1111:2222:3333:4444:5555:6666:7777:8888", "1111:2222:3333:4444:5555:6666:7777:8888"),
    ])
    func ipv6IsReadAndWritten(_ text: String, _ canonical: String) throws {
        let address = try SocketAddress(ip: text, port: 443)
        #expect(address.family == .ipv6)
        #expect(address.host == canonical)
        #expect(address.port == 443)
        #expect(address.description == "[\(canonical)]:443")
    }

    @Test func theScopeIsKept() throws {
        let address = try SocketAddress(ip: "fe80::1%lo", port: 1)
        #expect(address.scope == 1)
        #expect(address.host == "fe80::1%lo")
        #expect(address.description == "[fe80::1%lo]:1")
        #expect(try SocketAddress(ip: address.host, port: 1) == address)
    }

    @Test(arguments: [
        "", " ", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4",
        "0x7f.0.0.1", "01.2.3.4.5", "a.b.c.d", ":", ":::", "1::2::3", "12345::", "::g", "[::1]",
        "::1%nosuchif", "fe80::1%", "1.2.3.4%lo", "127.0.0.1:80", "::1:80:",
    ])
    func whatIsNoAddressIsRefused(_ text: String) {
        #expect(throws: UVError.invalidArgument) { try SocketAddress(ip: text, port: 80) }
    }

    @Test(arguments: ["127.0.0.1\0", "127.0.0.1\0.example.com", "::1\0junk", "\0"])
    func aZeroByteDoesNotHideTheRest(_ text: String) {
        #expect(throws: UVError.invalidArgument) { try SocketAddress(ip: text, port: 80) }
    }

    @Test func aTextThatIsTooLongIsNotCutOff() {
        let longest = "1111:2222:3333:4444:5555:6666:7777:8888"
        for rest in ["9", "9%lo", ":9999%lo", "zzzz%lo"] {
            #expect(throws: UVError.invalidArgument) {
                try SocketAddress(ip: longest + rest, port: 80)
            }
        }
    }

    @Test(arguments: [-1, 65_536, Int.min, Int.max])
    func aPortOutOfRangeIsRefused(_ port: Int) {
        #expect(throws: UVError.invalidArgument) { try SocketAddress(ip: "::1", port: port) }
        #expect(throws: UVError.invalidArgument) { try SocketAddress(ip: "127.0.0.1", port: port) }
    }

    @Test func theExtremesOfThePortArePorts() throws {
        for port in [0, 1, 255, 256, 65_535] {
            #expect(try SocketAddress(ip: "::1", port: port).port == port)
            #expect(try SocketAddress(ip: "127.0.0.1", port: port).port == port)
        }
    }

    @Test func equalityIsOfFamilyAddressPortAndScope() throws {
        let all = try [
            SocketAddress(ip: "127.0.0.1", port: 1), SocketAddress(ip: "127.0.0.1", port: 2),
            SocketAddress(ip: "127.0.0.2", port: 1), SocketAddress(ip: "::1", port: 1),
            SocketAddress(ip: "::ffff:127.0.0.1", port: 1), SocketAddress(ip: "fe80::1", port: 1),
            SocketAddress(ip: "fe80::1%lo", port: 1), SocketAddress(ip: "::", port: 1),
            SocketAddress(ip: "0.0.0.0", port: 1),
        ]
        for (left, first) in all.enumerated() {
            for (right, second) in all.enumerated() {
                #expect((first == second) == (left == right), "\(first) \(second)")
            }
        }
        #expect(Set(all + all).count == all.count)
    }

    @Test func equalAddressesHashAlike() throws {
        let short = try SocketAddress(ip: "2001:db8::1", port: 9)
        let long = try SocketAddress(ip: "2001:0db8:0000:0000:0000:0000:0000:0001", port: 9)
        #expect(short == long)
        #expect(short.hashValue == long.hashValue)
    }

    @Test func thePortCanBeExchanged() throws {
        let address = try SocketAddress(ip: "fe80::1%lo", port: 1)
        let other = address.with(port: 65_535)
        #expect(other.port == 65_535)
        #expect(other.host == address.host)
        #expect(other.with(port: 1) == address)
    }

    @Test func ipv4NumbersAreInReadingOrder() throws {
        let address = SocketAddress(ipv4Number: 0x0102_0304, port: 5)
        #expect(address.description == "1.2.3.4:5")
        #expect(address.ipv4Number == 0x0102_0304)
        #expect(try SocketAddress(ip: "::1", port: 5).ipv4Number == nil)
    }
}
