import CUV
import Testing

@testable import UVLoop

/// Names into addresses, with what every machine knows by itself: nobody outside is asked.
@Suite struct LookupTests {
    /// What is refused before anybody is asked: by this library, by libuv, which takes names of 255
    /// bytes, and by the C library, for which these have to be numeric.
    static let impossible: [(String, LookupFlags, UVError)] = [
        ("", [], .unknownHost), ("a\0b", [], .unknownHost),
        (String(repeating: "x", count: 300), [], .invalidArgument),
        (String(repeating: "y.", count: 400), [], .invalidArgument),
        ("no address", .numericHost, .unknownHost), ("::1::", .numericHost, .unknownHost),
        ("127.0.0.1.1.1", .numericHost, .unknownHost),
        ("fe80::1%nowhere", .numericHost, .unknownHost),
    ]

    @Test func thisMachine() async throws {
        try await onLoop { loop in
            let all = try await loop.lookUp("localhost", service: "80")
            #expect(all.contains(try SocketAddress(ip: "127.0.0.1", port: 80)))
            #expect(Set(all).count == all.count)
            let four = try await loop.lookUp("localhost", family: .ipv4)
            #expect(four == [try SocketAddress(ip: "127.0.0.1", port: 0)])
        }
    }

    @Test func servicesByName() async throws {
        try await onLoop { loop in
            let target = try SocketAddress(ip: "127.0.0.1", port: 443)
            #expect(try await loop.lookUp("127.0.0.1", service: "https") == [target])
            #expect(
                try await loop.lookUp("localhost", service: "https", family: .ipv4) == [target])
            // One that only datagrams have.
            let name = try await loop.lookUp("127.0.0.1", service: "tftp", flags: .datagrams)
            #expect(name.map(\.port) == [69])
            for (service, flags) in [
                ("no-such-service", []), ("https", .numericService), ("", []), ("a\0b", []),
            ] as [(String, LookupFlags)] {
                await #expect(throws: EndpointError.self, "\(service)") {
                    try await loop.lookUp("127.0.0.1", service: service, flags: flags)
                }
            }
        }
    }

    @Test(arguments: [
        ("127.0.0.1", LookupFamily.any), ("127.0.0.1", .ipv4), ("::1", .any), ("::1", .ipv6),
        ("fe80::1%lo", .any),
    ])
    func numericAddresses(_ host: String, _ family: LookupFamily) async throws {
        try await onLoop { loop in
            let requests = loop.metrics.requests
            var answer: Result<[SocketAddress], EndpointError>?
            loop.lookUp(host, service: "7000", family: family) { answer = $0 }
            #expect(answer == nil)
            await turns(loop, for: .milliseconds(1))
            // Nobody has been asked.
            #expect(loop.metrics.requests == requests)
            let address = try SocketAddress(ip: host, port: 7_000)
            #expect(answer == .success([address]))
            #expect(address.host == host)
            #expect(
                try await loop.lookUp(host, service: "7000", family: family) == [address])
        }
    }

    /// Texts that are numeric to the C library only, and the scope by number.
    @Test func otherNumericForms() async throws {
        try await onLoop { loop in
            let machine = try SocketAddress(ip: "127.0.0.1", port: 0)
            #expect(try await loop.lookUp("127.1") == [machine])
            #expect(try await loop.lookUp("127.1", flags: .numericHost) == [machine])
            let scoped = try await loop.lookUp("fe80::1%1", flags: .numericHost)
            #expect(scoped.map(\.scope) == [1] && scoped[0].host == "fe80::1%lo")
            await #expect(throws: EndpointError.self) {
                try await loop.lookUp("localhost", flags: .numericHost)
            }
        }
    }

    @Test func addressesOfTheOtherFamily() async throws {
        try await onLoop { loop in
            for (host, family) in [("127.0.0.1", LookupFamily.ipv6), ("::1", .ipv4)] {
                let error = await #expect(throws: EndpointError.self) {
                    try await loop.lookUp(host, family: family)
                }
                #expect(error?.code == .lookupAddressFamily)
                #expect(error?.operation == .resolve && error?.endpoint == host)
            }
            let mapped = try await loop.lookUp(
                "127.0.0.1", family: .ipv6, flags: [.mappedIPv4, .all])
            #expect(mapped.map(\.host) == ["::ffff:127.0.0.1"])
        }
    }

    @Test(arguments: impossible)
    func whatCannotBeAName(_ host: String, _ flags: LookupFlags, _ code: UVError) async throws {
        try await onLoop { loop in
            let error = await #expect(throws: EndpointError.self) {
                try await loop.lookUp(host, flags: flags)
            }
            #expect(error?.operation == .resolve && error?.endpoint == host)
            #expect(error?.code == code)
            var answer: Result<[SocketAddress], EndpointError>?
            loop.lookUp(host, flags: flags) { answer = $0 }
            #expect(answer == nil)
            try await until(loop) { answer != nil }
            #expect(answer == error.map { .failure($0) })
        }
    }

    @Test func theCanonicalName() async throws {
        try await onLoop { loop in
            let name = try await loop.canonicalName(of: "localhost")
            #expect(name.hasPrefix("localhost"))
        }
    }

    @Test func namesOfAddresses() async throws {
        try await onLoop { loop in
            let address = try SocketAddress(ip: "127.0.0.1", port: 443)
            #expect(
                try await loop.lookUpName(of: address)
                    == HostName(host: "localhost", service: "https"))
            #expect(
                try await loop.lookUpName(of: address, flags: .numericHost)
                    == HostName(host: "127.0.0.1", service: "https"))
            #expect(
                try await loop.lookUpName(of: address, flags: .numericService)
                    == HostName(host: "localhost", service: "443"))
            #expect(
                try await loop.lookUpName(of: address, flags: .numeric)
                    == HostName(host: "127.0.0.1", service: "443"))
            let scoped = try SocketAddress(ip: "fe80::1%lo", port: 69)
            for flags in [.numeric, [.numericHost, .datagrams]] as [ReverseLookupFlags] {
                #expect(try await loop.lookUpName(of: scoped, flags: flags).host == "fe80::1%lo")
            }
            #expect(
                try await loop.lookUpName(of: scoped, flags: [.numericHost, .datagrams]).service
                    == "tftp")
            var answer: Result<HostName, EndpointError>?
            loop.lookUpName(of: address) { answer = $0 }
            try await until(loop) { answer != nil }
            #expect(answer == .success(HostName(host: "localhost", service: "https")))
        }
    }

    @Test func addressesWithoutAName() async throws {
        try await onLoop { loop in
            // A numeric host with a name required contradicts itself.
            let error = await #expect(throws: EndpointError.self) {
                try await loop.lookUpName(
                    of: try SocketAddress(ip: "127.0.0.1", port: 1),
                    flags: [.numericHost, .numericService, .nameRequired])
            }
            #expect(error?.operation == .resolve && error?.endpoint == "127.0.0.1:1")
            for flags in [[], .numeric] as [ReverseLookupFlags] {
                let error = await #expect(throws: EndpointError.self) {
                    try await loop.lookUpName(of: try SocketAddress(unixPath: "x"), flags: flags)
                }
                #expect(error?.code == .lookupFamilyNotSupported)
            }
        }
    }

    /// From a task that has nothing to do with the loop.
    @Test func fromElsewhere() async throws {
        let thread = try EventLoopThread(name: "elsewhere")
        #expect(
            try await thread.loop.lookUp("localhost", family: .ipv4).map(\.host) == ["127.0.0.1"])
        let address = try SocketAddress(ip: "127.0.0.1", port: 0)
        #expect(try await thread.loop.lookUpName(of: address).host == "localhost")
        await thread.shutdown()
        for host in ["localhost", "127.0.0.1"] {
            let error = await #expect(throws: EndpointError.self) {
                try await thread.loop.lookUp(host)
            }
            #expect(error?.code == .canceled)
        }
    }

    @Test func aCompletionThatThrows() async throws {
        try await withLoop { loop in
            var reports: [ExceptionContext] = []
            loop.exceptionHandler = { reports.append($0) }
            loop.lookUp("127.0.0.1") { _ in throw Planned(number: 1) }
            loop.lookUp("localhost") { _ in throw Planned(number: 2) }
            try loop.run()
            #expect(reports.map(\.source) == [.lookupCompletion, .lookupCompletion])
        }
    }
}
