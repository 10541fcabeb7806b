import CUV
import Glibc
import Testing

@testable import UVLoop

/// Where a server listens, and where it cannot.
@Suite(.timeLimit(.minutes(1)))
struct ListeningTests {
    private func canConnect(_ address: SocketAddress) -> Bool {
        guard let peer = try? RawSocket.connect(to: address) else { return false }
        peer.close()
        return true
    }

    @Test func port0IsChosenAndTold() async throws {
        try await onLoop { loop in
            let server = try await loop.listen(on: .ip("127.0.0.1", port: 0)) { PlainRecorder() }
            #expect(server.port > 0)
            #expect(server.addresses.map(\.description) == ["127.0.0.1:\(server.port)"])
            #expect(server.isListening)
            #expect(canConnect(server.addresses[0]))
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func noHostIsEveryInterfaceOfBothFamiliesOnOnePort() async throws {
        try await onLoop { loop in
            let server = try await loop.listen(on: .host(nil, port: 0)) { PlainRecorder() }
            #expect(server.addresses.map(\.host) == ["::", "0.0.0.0"])
            #expect(Set(server.addresses.map(\.port)) == [server.port])
            for host in ["127.0.0.1", "127.0.0.9", "::1"] {
                #expect(canConnect(try SocketAddress(ip: host, port: server.port)))
            }
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func severalEndpointsAreListenedOn() async throws {
        try await onLoop { loop in
            let server = try await loop.listen(
                on: .ip("127.0.0.1", port: 0), .ip("127.0.0.2", port: 0), .ip("::1", port: 0)
            ) { EchoProtocol() }
            #expect(server.addresses.map(\.host) == ["127.0.0.1", "127.0.0.2", "::1"])
            for address in server.addresses {
                let peer = try RawSocket.connect(to: address)
                try peer.send("echo")
                let bytes = try await offThread { try peer.receive(exactly: 4) }
                #expect(bytes == Array("echo".utf8))
                peer.close()
            }
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func aNameIsListenedOn() async throws {
        try await onLoop { loop in
            let server = try await loop.listen(on: .host("localhost", port: 0)) { PlainRecorder() }
            #expect(!server.addresses.isEmpty)
            for address in server.addresses { #expect(canConnect(address)) }
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func ipv6SocketsTakeIPv6Only() async throws {
        try await onLoop { loop in
            let (ipv4, ipv6) = try RawSocket.boundPair()
            ipv6.close()
            // Were it a socket of both families, the other one's port would be taken.
            let server = try loop.serve(on: try ipv6Any(port: ipv4.port)) { PlainRecorder() }
            #expect(!canConnect(ipv4.localAddress))
            #expect(canConnect(SocketAddress.anyPortIPv6.with(port: ipv4.port)))
            ipv4.close()
            server.close()
            try await server.waitClosed()
        }
    }

    private func ipv6Any(port: Int) throws -> SocketAddress {
        try SocketAddress(ip: "::", port: port)
    }

    @Test func aPortInUseIsNamed() async throws {
        try await onLoop { loop in
            for taken in [SocketAddress.anyPortIPv4, .anyPortIPv6] {
                let socket = try RawSocket.listener(taken)
                let address = socket.localAddress
                let error = await #expect(throws: EndpointError.self) {
                    _ = try await loop.listen(on: .address(address)) { PlainRecorder() }
                }
                #expect(error?.code == .addressInUse)
                #expect(error?.operation == .bind || error?.operation == .listen)
                #expect(error?.endpoint == address.description)
                socket.close()
            }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func allEndpointsAreBoundOrNone() async throws {
        try await onLoop { loop in
            let socket = try RawSocket.listener()
            let free = try SocketAddress(ip: "127.0.0.3", port: socket.port)
            #expect(throws: EndpointError.self) {
                _ = try loop.listen(onAddresses: free, socket.localAddress) { PlainRecorder() }
            }
            #expect(!canConnect(free))
            try await until(loop) { !loop.core.hasUserHandles }
            let again = try loop.listen(onAddresses: free) { PlainRecorder() }
            again.close()
            socket.close()
        }
    }

    @Test func whatIsNotOursCannotBeBound() async throws {
        try await onLoop { loop in
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.listen(on: .ip("192.0.2.1", port: 0)) { PlainRecorder() }
            }
            #expect(error?.code == .addressNotAvailable)
            #expect(error?.operation == .bind)
            #expect(error?.endpoint == "192.0.2.1:0")
        }
    }

    @Test(arguments: [
        Endpoint.ip("nonsense", port: 0), .host("host.invalid", port: 0),
        .ip("127.0.0.1", port: 99_999), .host("", port: 0),
    ])
    func whatDoesNotResolveIsNamed(_ endpoint: Endpoint) async throws {
        try await onLoop { loop in
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.listen(on: endpoint) { PlainRecorder() }
            }
            #expect(error?.operation == .resolve)
            #expect(error?.endpoint == endpoint.description)
        }
    }

    @Test func nowhereIsNoPlaceToListen() async throws {
        try await onLoop { loop in
            let error = #expect(throws: EndpointError.self) {
                _ = try TCPServer(
                    loop, binding: [], options: ListenOptions(), PlainEntry<PlainRecorder>(),
                    madeAt: SourcePlace(file: #fileID, line: #line)
                ) { PlainRecorder() }
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func reusePortLetsTwoServersShare() async throws {
        try await onLoop { loop in
            var options = ListenOptions()
            options.reusePort = true
            let first = try loop.listen(onAddresses: .anyPortIPv4, options: options) {
                EchoProtocol()
            }
            let second = try loop.listen(onAddresses: first.addresses[0], options: options) {
                EchoProtocol()
            }
            #expect(second.port == first.port)
            first.close()
            // The one that is left serves everybody.
            for _ in 0..<10 {
                let peer = try RawSocket.connect(to: second.addresses[0])
                try peer.send("x")
                let bytes = try await offThread { try peer.receive() }
                #expect(bytes == [UInt8(ascii: "x")])
                peer.close()
            }
            second.close()
            try await second.waitClosed()
        }
    }

    @Test func withoutReusePortTheyCannot() async throws {
        try await onLoop { loop in
            let first = try loop.serve { PlainRecorder() }
            let error = #expect(throws: EndpointError.self) {
                _ = try loop.serve(on: first.addresses[0]) { PlainRecorder() }
            }
            #expect(error?.code == .addressInUse)
            first.close()
            let second = try loop.serve(on: first.addresses[0]) { PlainRecorder() }
            second.close()
        }
    }

    @Test func theOptionsAreValues() {
        var options = ListenOptions()
        #expect(options.backlog == 511 && !options.reusePort && options.noDelay)
        #expect(options == ListenOptions())
        options.backlog = 1
        #expect(options != ListenOptions())
        #expect(Set([options, ListenOptions(), options]).count == 2)
    }

    @Test(arguments: [Int.min, -1, 0, 1, Int.max])
    func anyBacklogIsAccepted(_ backlog: Int) async throws {
        try await onLoop { loop in
            var options = ListenOptions()
            options.backlog = backlog
            let server = try loop.listen(onAddresses: .anyPortIPv4, options: options) {
                EchoProtocol()
            }
            let peer = try RawSocket.connect(to: server.addresses[0])
            try peer.send("x")
            let bytes = try await offThread { try peer.receive() }
            #expect(bytes.count == 1)
            peer.close()
            server.close()
            try await server.waitClosed()
        }
    }

    @Test func aSmallBacklogIsTaken() async throws {
        try await onLoop { loop in
            var options = ListenOptions()
            options.backlog = 1
            let recorders = PlainRecorder.self
            let server = try loop.listen(onAddresses: .anyPortIPv4, options: options) {
                recorders.init()
            }
            // The loop stands still, so that nobody is accepted: the queue overflows.
            let clients = (0..<16).map { _ in
                let descriptor = cuv_stream_socket(AF_INET)
                _ = server.addresses[0].withSockaddr { connect(descriptor, $0, $1) }
                return descriptor
            }
            var established = 0
            for descriptor in clients {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if poll(&waiting, 1, 0) == 1 { established += 1 }
            }
            #expect(established < 16)
            for descriptor in clients { cuv_close(descriptor) }
            server.close()
            server.abortClients()
            try await server.waitClosed()
        }
    }
}
