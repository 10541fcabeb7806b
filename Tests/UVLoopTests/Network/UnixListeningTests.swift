import CUV
import Foundation
import Testing

@testable import UVLoop

/// Listening on Unix-domain sockets, and what becomes of their files.
@Suite(.timeLimit(.minutes(1)))
struct UnixListeningTests {
    /// Sends through an echo server and looks at what comes back.
    private func echoes(
        _ loop: isolated EventLoop, _ address: SocketAddress
    ) async throws -> Bool {
        try await offThread {
            let peer = try RawSocket.connect(to: address)
            defer { peer.close() }
            try peer.send("echo")
            return try peer.receive(exactly: 4) == Array("echo".utf8)
        }
    }

    private nonisolated(nonsending) func end(_ server: TCPServer) async throws {
        server.close()
        try await server.waitClosed()
    }

    @Test func aPathIsListenedOn() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let path = directory.file("socket")
            let server = try await loop.listen(on: .unix(path)) { EchoProtocol() }
            #expect(try server.addresses == [SocketAddress(unixPath: path)])
            #expect(server.port == 0)
            #expect(try await echoes(loop, server.addresses[0]))
            #expect(try directory.names == ["socket"])
            try await end(server)
            #expect(try directory.names == [])
        }
    }

    @Test func anAbstractNameIsListenedOn() async throws {
        try await onLoop { loop in
            let name = "uvloop \(UUID())"
            let server = try await loop.listen(on: .unix("\0" + name)) { EchoProtocol() }
            #expect(try server.addresses == [SocketAddress(abstractName: name)])
            #expect(try await echoes(loop, server.addresses[0]))
            let error = #expect(throws: EndpointError.self) {
                _ = try loop.listen(onAddresses: server.addresses[0]) { EchoProtocol() }
            }
            #expect(error?.code == .addressInUse && error?.endpoint == "@" + name)
            server.close()
            // The name is free again, or as soon as no process that another test is just making
            // has a copy of the socket.
            var next: TCPServer?
            try await until(loop) {
                next = try? loop.listen(onAddresses: server.addresses[0]) { EchoProtocol() }
                return next != nil
            }
            if let next { try await end(next) }
            try await end(server)
        }
    }

    @Test func aServerMayHaveBothKindsOfAddresses() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let server = try await loop.listen(
                on: .unix(directory.file("a")), .ip("127.0.0.1", port: 0),
                .unix(directory.file("b")), .ip("::1", port: 0)
            ) { EchoProtocol() }
            #expect(server.addresses.map(\.family) == [.unix, .ipv4, .unix, .ipv6])
            #expect(server.port != 0)
            #expect(server.addresses[1].port == server.port)
            #expect(server.addresses[3].port == server.port)
            for address in server.addresses { #expect(try await echoes(loop, address)) }
            try await end(server)
            #expect(try directory.names == [])
        }
    }

    @Test func aStaleFileIsReplaced() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let address = try SocketAddress(unixPath: directory.file("socket"))
            try RawSocket.listener(address).close()
            #expect(try directory.names == ["socket"], "nobody has removed it")
            let server = try loop.listen(onAddresses: address) { EchoProtocol() }
            #expect(try await echoes(loop, address))
            try await end(server)
            #expect(try directory.names == [])
        }
    }

    @Test func aLivingServerIsNotDisplaced() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let address = try SocketAddress(unixPath: directory.file("socket"))
            let first = try loop.listen(onAddresses: address) { EchoProtocol() }
            let error = #expect(throws: EndpointError.self) {
                _ = try loop.listen(onAddresses: address) { EchoProtocol() }
            }
            #expect(error?.code == .addressInUse && error?.operation == .bind)
            #expect(error?.endpoint == directory.file("socket"))
            #expect(try await echoes(loop, address))
            try await end(first)
        }
    }

    /// Whose queue is full, is there all the same.
    @Test func aBusyServerIsNotDisplaced() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let address = try SocketAddress(unixPath: directory.file("socket"))
            let full = try FullUnixListener(address)
            let error = #expect(throws: EndpointError.self) {
                _ = try loop.listen(onAddresses: address) { EchoProtocol() }
            }
            #expect(error?.code == .addressInUse)
            #expect(try directory.names == ["socket"])
            full.close()
        }
    }

    @Test func aDatagramSocketIsNotDisplaced() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let address = try SocketAddress(unixPath: directory.file("socket"))
            let other = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
            #expect(address.withSockaddr { cuv_bind(other, $0, $1) } == 0)
            #expect(throws: EndpointError.self) {
                _ = try loop.listen(onAddresses: address) { EchoProtocol() }
            }
            #expect(try directory.names == ["socket"])
            cuv_close(other)
        }
    }

    @Test(arguments: ["file", "directory", "fifo", "link", "dangling"])
    func whatIsNoSocketIsLeftAlone(_ kind: String) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let path = directory.file(kind)
            let files = FileManager.default
            switch kind {
            case "file": try directory.write("precious", to: kind)
            case "directory":
                try files.createDirectory(atPath: path, withIntermediateDirectories: false)
            case "fifo": #expect(mkfifo(path, 0o600) == 0)
            case "link":
                // To a stale socket: the socket could go, the link could not.
                try RawSocket.listener(SocketAddress(unixPath: directory.file("old"))).close()
                try files.createSymbolicLink(
                    atPath: path, withDestinationPath: directory.file("old"))
            default:
                try files.createSymbolicLink(
                    atPath: path, withDestinationPath: directory.file("nothing"))
            }
            let before = try directory.names
            let error = #expect(throws: EndpointError.self) {
                let address = try SocketAddress(unixPath: path)
                _ = try loop.listen(onAddresses: address) { EchoProtocol() }
            }
            #expect(error?.code == .addressInUse && error?.endpoint == path)
            #expect(try directory.names == before)
            if kind == "file" { #expect(try directory.text(of: kind) == "precious") }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func aFileThatSomebodyElseHasPutThereIsLeftAlone() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let path = directory.file("socket")
            let address = try SocketAddress(unixPath: path)
            let first = try loop.listen(onAddresses: address) { EchoProtocol() }
            try directory.delete("socket")
            let second = try loop.listen(onAddresses: address) { EchoProtocol() }
            try await end(first)
            #expect(try directory.names == ["socket"])
            #expect(try await echoes(loop, address))
            try directory.delete("socket")
            try directory.write("precious", to: "socket")
            try await end(second)
            #expect(try directory.text(of: "socket") == "precious")
        }
    }

    @Test func aFileThatIsGoneIsNoError() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let server = try await loop.listen(on: .unix(directory.file("a"))) { EchoProtocol() }
            try directory.delete("a")
            try await end(server)
        }
    }

    @Test func allAreBoundOrNone() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            try directory.write("precious", to: "file")
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.listen(
                    on: .ip("127.0.0.1", port: 0), .unix(directory.file("a")),
                    .unix(directory.file("file"))
                ) { EchoProtocol() }
            }
            #expect(error?.endpoint == directory.file("file"))
            #expect(try directory.names == ["file"])
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func theFileGoesWithTheLoop() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let path = directory.file("a")
            _ = try await loop.listen(on: .unix(path)) { EchoProtocol() }
            #expect(try directory.names == ["a"])
        }
        #expect(try directory.names == [])
    }

    @Test(arguments: [0o600, 0o660, 0o777, 0o000])
    func theModeIsSet(_ mode: Int) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            var options = ListenOptions()
            options.mode = mode
            let server = try await loop.listen(
                on: .unix(directory.file("a")), .ip("127.0.0.1", port: 0), options: options
            ) { EchoProtocol() }
            #expect(try directory.mode(of: "a") == mode)
            try await end(server)
        }
    }

    @Test func aModeThatCannotBeIsAnErrorAndLeavesNoFile() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            for (path, mode, code) in [
                (directory.file("a"), -1, UVError.invalidArgument),
                (directory.file("a"), 0o1000, .invalidArgument),
                ("\0uvloop \(UUID())", 0o600, .notSupported),
            ] {
                var options = ListenOptions()
                options.mode = mode
                let error = await #expect(throws: EndpointError.self) {
                    _ = try await loop.listen(on: .unix(path), options: options) { EchoProtocol() }
                }
                #expect(error?.code == code)
                #expect(try directory.names == [])
            }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func whereNothingCanBeIsNamed() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let path = directory.file("nowhere/socket")
            let error = await #expect(throws: EndpointError.self) {
                _ = try await loop.listen(on: .unix(path)) { EchoProtocol() }
            }
            #expect(error?.code == .noSuchFileOrDirectory && error?.endpoint == path)
            let long = directory.file(String(repeating: "x", count: 108))
            let tooLong = await #expect(throws: EndpointError.self) {
                _ = try await loop.listen(on: .unix(long)) { EchoProtocol() }
            }
            #expect(tooLong?.code == .nameTooLong && tooLong?.operation == .resolve)
        }
    }

    // MARK: Adopting

    @Test(arguments: Wire.allCases)
    func aListeningDescriptorIsAdopted(_ wire: Wire) async throws {
        try await onLoop { loop in
            let listener = try RawSocket.listener(wire.address)
            let server = try loop.listen(adopting: listener.descriptor) { EchoProtocol() }
            #expect(server.addresses == [listener.localAddress])
            let flags = fcntl(listener.descriptor, F_GETFL)
            #expect(flags & O_NONBLOCK != 0)
            #expect(try await echoes(loop, server.addresses[0]))
            let address = server.addresses[0]
            try await end(server)
            // Unless a process that another test is just making has a copy of the socket.
            try await until(loop) {
                do {
                    try RawSocket.connect(to: address).close()
                    return false
                } catch {
                    return error as? UVError == .connectionRefused
                }
            }
        }
    }

    @Test func anAdoptedSocketsFileIsNotRemoved() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let address = try SocketAddress(unixPath: directory.file("a"))
            let listener = try RawSocket.listener(address)
            let server = try loop.listen(adopting: listener.descriptor) { EchoProtocol() }
            #expect(try await echoes(loop, address))
            try await end(server)
            #expect(try directory.names == ["a"])
        }
    }

    /// What is wrong with the options is found before the descriptor is taken.
    @Test func aWrongBoundLeavesTheDescriptorAlone() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let listener = try RawSocket.listener(try SocketAddress(unixPath: directory.file("a")))
            let descriptor = listener.descriptor
            var options = ListenOptions()
            options.maxConnections = 0
            let wrong = EndpointError(.listen, "descriptor \(descriptor)", .invalidArgument)
            #expect(throws: wrong) {
                _ = try loop.listen(adopting: descriptor, options: options) { EchoProtocol() }
            }
            await turns(loop, for: .milliseconds(2))
            #expect(fcntl(descriptor, F_GETFD) >= 0)
            cuv_close(descriptor)
        }
    }

    @Test func whatDoesNotListenStaysTheCallers() async throws {
        try await onLoop { loop in
            let bound = try RawSocket.bound()
            let pair = try EventLoop.socketPair()
            let pipe = try EventLoop.pipe()
            for (descriptor, code) in [
                (bound.descriptor, UVError.invalidArgument), (pair.0, .invalidArgument),
                (pipe.reading, .notSocket), (-1, .badFileDescriptor),
            ] {
                let error = #expect(throws: EndpointError.self) {
                    _ = try loop.listen(adopting: descriptor) { EchoProtocol() }
                }
                #expect(error?.code == code && error?.operation == .listen)
                #expect(error?.endpoint == "descriptor \(descriptor)")
                #expect(descriptor == -1 || fcntl(descriptor, F_GETFD) >= 0)
            }
            for descriptor in [bound.descriptor, pair.0, pair.1, pipe.reading, pipe.writing] {
                cuv_close(descriptor)
            }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }
}
