import CUV
import Testing

@testable import UVLoop

/// Names of Unix-domain sockets as addresses.
@Suite struct UnixNameTests {
    static let longest = String(repeating: "x", count: 107)

    @Test(arguments: ["a", "run/app.socket", "ümläut", " ", "@name", longest])
    func aPathIsKept(_ path: String) throws {
        let address = try SocketAddress(unixPath: path)
        #expect(address.family == .unix)
        #expect(address.path == path)
        #expect(address.description == path)
        #expect(address.host == path)
        #expect(address.port == 0 && address.scope == 0 && !address.isUnspecified)
        #expect(!address.leavesPortOpen)
        #expect(address.with(port: 80) == address)
        #expect(address.ipv4Number == nil)
    }

    @Test(arguments: ["a", "a b", "ümläut", longest])
    func anAbstractNameHasTwoSpellings(_ name: String) throws {
        let address = try SocketAddress(abstractName: name)
        #expect(try address == SocketAddress(unixPath: "\0" + name))
        #expect(address.path == "\0" + name)
        #expect(address.description == "@" + name)
        #expect(try SocketAddress(unixPath: address.path!) == address)
        #expect(try address != SocketAddress(unixPath: name))
    }

    @Test(arguments: ["", "\0", "a\0", "a\0b", "\0\0", "\0a\0"])
    func emptyNamesAndZeroBytesAreRefused(_ path: String) {
        #expect(throws: UVError.invalidArgument) { try SocketAddress(unixPath: path) }
    }

    @Test(arguments: ["", "\0", "a\0", "\0a"])
    func emptyAbstractNamesAndZeroBytesAreRefused(_ name: String) {
        #expect(throws: UVError.invalidArgument) { try SocketAddress(abstractName: name) }
    }

    @Test(arguments: [108, 109, 1_000, 100_000])
    func tooLongNamesAreRefused(_ count: Int) {
        let name = String(repeating: "x", count: count)
        #expect(throws: UVError.nameTooLong) { try SocketAddress(unixPath: name) }
        #expect(throws: UVError.nameTooLong) { try SocketAddress(abstractName: name) }
        // Bytes are counted, not characters.
        #expect(throws: UVError.nameTooLong) {
            try SocketAddress(unixPath: String(repeating: "ü", count: 54))
        }
    }

    @Test func onlyIPAddressesHaveNoPath() throws {
        #expect(try SocketAddress(ip: "127.0.0.1", port: 1).path == nil)
        #expect(try SocketAddress(ip: "::1", port: 1).path == nil)
        #expect(SocketAddress.unnamed.path == "")
        #expect(SocketAddress.unnamed.description == "(unnamed)")
    }

    @Test func equalityIsOfTheName() throws {
        let all = try [
            SocketAddress(unixPath: "a"), SocketAddress(unixPath: "b"),
            SocketAddress(unixPath: "./a"), SocketAddress(abstractName: "a"),
            SocketAddress.unnamed, SocketAddress(ip: "0.0.0.0", port: 0),
            SocketAddress(ip: "::", port: 0),
        ]
        for (left, first) in all.enumerated() {
            for (right, second) in all.enumerated() {
                #expect((first == second) == (left == right), "\(first) \(second)")
            }
        }
        #expect(Set(all + all).count == all.count)
    }

    @Test func addressesStaySmall() {
        #expect(MemoryLayout<SocketAddress>.stride <= 32)
    }

    /// Through the struct of the system and back.
    private func copied(_ address: SocketAddress) -> SocketAddress? {
        address.withSockaddr { pointer, length in
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: Int(length)))
            }
            return SocketAddress(copying: storage, length: length)
        }
    }

    @Test func theSystemsStructHoldsAllOfIt() throws {
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
        for (address, length) in try [
            (SocketAddress(unixPath: "a"), offset + 2),
            (SocketAddress(unixPath: Self.longest), offset + 108),
            (SocketAddress(abstractName: "a"), offset + 2),
            (SocketAddress(abstractName: Self.longest), offset + 108),
            (SocketAddress.unnamed, offset),
        ] {
            #expect(copied(address) == address)
            let (family, size) = address.withSockaddr { (Int32($0.pointee.sa_family), Int($1)) }
            #expect(family == AF_UNIX && size == length)
        }
        let ip = try SocketAddress(ip: "fe80::1%lo", port: 5)
        #expect(copied(ip) == ip)
    }

    @Test func whatTheSystemSaysMayHaveZeroBytes() {
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
        var storage = sockaddr_storage()
        storage.ss_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &storage) { $0[offset + 1] = UInt8(ascii: "a") }
        let abstract = SocketAddress(copying: storage, length: socklen_t(offset + 4))
        #expect(abstract?.description == "@a@@")
        #expect(abstract?.path == "\0a\0\0")
        withUnsafeMutableBytes(of: &storage) { $0[offset] = UInt8(ascii: "b") }
        #expect(SocketAddress(copying: storage, length: socklen_t(offset + 4))?.path == "ba")
        // Some systems leave an address of no length.
        #expect(SocketAddress(copying: storage, length: 0)?.path == "")
    }

    /// Linux lets a path in that leaves no room for its zero byte.
    @Test func aPathWithoutItsZeroByteStaysWhole() throws {
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
        var storage = sockaddr_storage()
        storage.ss_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &storage) { bytes in
            for index in 0..<108 { bytes[offset + index] = UInt8(ascii: "y") }
        }
        let address = SocketAddress(copying: storage, length: socklen_t(offset + 109))!
        #expect(address.path?.count == 108)
        #expect(address.withSockaddr { Int($1) } == offset + 108)
        #expect(copied(address) == address)
    }

    @Test(arguments: ["a", "\0a", longest])
    func packedOnesComeBack(_ path: String) throws {
        let address = try SocketAddress(unixPath: path)
        let packed = PackedAddress(address)
        #expect(packed.unpacked == address)
        packed.free()
    }

    @Test func theUnnamedPeerNeedsNoObject() {
        let packed = PackedAddress(.unnamed)
        #expect(packed.unpacked == .unnamed)
        packed.free()
    }

    @Test func endpoints() throws {
        #expect(Endpoint.unix("run/a").description == "run/a")
        #expect(Endpoint.unix("\0a").description == "@a")
        #expect(Endpoint.unix("\0a") == .unix("\0a") && Endpoint.unix("a") != .unix("\0a"))
        guard case .addresses(let found) = try Endpoint.unix("\0a").target(anyHost: []) else {
            Issue.record("looked up")
            return
        }
        #expect(try found == [SocketAddress(abstractName: "a")])
    }

    @Test func whatCannotBeAnEndpointIsNamedInTheError() {
        let long = String(repeating: "x", count: 200)
        for (path, code) in [("", UVError.invalidArgument), (long, .nameTooLong)] {
            let error = #expect(throws: EndpointError.self) {
                _ = try Endpoint.unix(path).target(anyHost: [])
            }
            #expect(error?.operation == .resolve && error?.code == code)
            #expect(error?.endpoint == path)
        }
    }
}
