import Testing

@testable import UVLoop

@Suite struct EndpointTests {
    @Test func printsAsUsersWriteIt() throws {
        #expect(Endpoint.ip("127.0.0.1", port: 80).description == "127.0.0.1:80")
        #expect(Endpoint.ip("::1", port: 80).description == "[::1]:80")
        #expect(Endpoint.host("localhost", port: 80).description == "localhost:80")
        #expect(Endpoint.host("::1", port: 80).description == "[::1]:80")
        #expect(Endpoint.host(nil, port: 80).description == "*:80")
        let address = try SocketAddress(ip: "::1", port: 7)
        #expect(Endpoint.address(address).description == "[::1]:7")
    }

    private func addresses(_ endpoint: Endpoint, _ any: [String] = ["::1"]) throws -> [String]? {
        guard case .addresses(let found) = try endpoint.target(anyHost: any) else { return nil }
        return found.map(\.description)
    }

    @Test func numericHostsAreNeverLookedUp() throws {
        #expect(try addresses(.ip("127.0.0.1", port: 1)) == ["127.0.0.1:1"])
        #expect(try addresses(.host("127.0.0.1", port: 1)) == ["127.0.0.1:1"])
        #expect(try addresses(.host("::1", port: 1)) == ["[::1]:1"])
        #expect(try addresses(.host("localhost", port: 1)) == nil)
    }

    @Test func noHostMeansWhatTheCallerSays() throws {
        let all = try addresses(.host(nil, port: 5), Endpoint.everyInterface)
        #expect(all == ["[::]:5", "0.0.0.0:5"])
    }

    @Test(arguments: [
        Endpoint.ip("localhost", port: 80), .ip("", port: 80), .ip("1.2.3.4", port: -1),
        .host("localhost", port: 65_536), .host(nil, port: -1), .host("1.2.3.4", port: 70_000),
    ])
    func whatCannotBeAnEndpointIsNamedInTheError(_ endpoint: Endpoint) {
        let error = #expect(throws: EndpointError.self) {
            _ = try endpoint.target(anyHost: Endpoint.thisMachine)
        }
        #expect(error?.operation == .resolve)
        #expect(error?.code == .invalidArgument)
        #expect(error?.endpoint == endpoint.description)
    }

    @Test func errorsOfSeveralAttemptsAreCombined() {
        let first = EndpointError(.connect, "[::1]:80", .networkUnreachable)
        let second = EndpointError(.connect, "127.0.0.1:80", .connectionRefused)
        let both = EndpointError(combining: [first, second], for: "localhost:80")
        #expect(both.endpoint == "localhost:80")
        #expect(both.code == .connectionRefused)
        #expect(both.attempts == [first, second])
        let lines = both.description.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("connect localhost:80: ECONNREFUSED"))
        #expect(lines[1].hasPrefix("  connect [::1]:80: ENETUNREACH"))
        #expect(lines[2].hasPrefix("  connect 127.0.0.1:80: ECONNREFUSED"))
    }

    @Test func oneAttemptsErrorStandsForItself() {
        let only = EndpointError(.connect, "[::1]:80", .timedOut)
        #expect(EndpointError(combining: [only], for: "name:80") == only)
    }
}
