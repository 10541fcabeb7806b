import CUV
import Glibc
import Testing

@testable import UVLoop

/// Where datagram sockets come from.
@Suite(.timeLimit(.minutes(1)))
struct DatagramOpeningTests {
    // MARK: Names

    @Test func namesAreLookedUp() async throws {
        try await onLoop { loop in
            let (server, client) = (DatagramRecorder(), DatagramRecorder())
            let target = try await loop.openDatagram(
                boundTo: .host("localhost", port: 0), server
            ).localAddress
            let transport = try await loop.openDatagram(
                boundTo: .host(target.host, port: 0),
                connectedTo: .host("localhost", port: target.port), client)
            #expect(transport.remoteAddress == target)
            try transport.send("by name")
            try await until(loop) { server.texts == ["by name"] }
        }
    }

    @Test func theNilHostIsEveryInterface() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let server = try await loop.openDatagram(boundTo: .host(nil, port: 0), recorder)
            #expect(server.localAddress.isUnspecified)
            let port = server.localAddress.port
            let client = try await loop.openDatagram(
                connectedTo: .host(nil, port: port), DatagramRecorder())
            try client.send("here")
            try await until(loop) { recorder.texts == ["here"] }
        }
    }

    @Test func whatCannotBeOpenedIsNamed() async throws {
        try await onLoop { loop in
            let unknown = await #expect(throws: EndpointError.self) {
                _ = try await loop.openDatagram(
                    connectedTo: .host("no.such.name.invalid", port: 1), DatagramRecorder())
            }
            #expect(unknown?.operation == .resolve)
            #expect(unknown?.endpoint == "no.such.name.invalid:1")
            let nowhere = await #expect(throws: EndpointError.self) {
                _ = try await loop.openDatagram(DatagramRecorder())
            }
            #expect(nowhere?.code == .invalidArgument)
            let families = #expect(throws: EndpointError.self) {
                try loop.openDatagram(
                    boundToAddress: .anyPortIPv6, connectedToAddress: .anyPortIPv4,
                    DatagramRecorder())
            }
            #expect(families?.code == .invalidArgument)
            let foreign = #expect(throws: EndpointError.self) {
                try loop.openDatagram(
                    boundToAddress: SocketAddress(ip: "192.0.2.1", port: 0), DatagramRecorder())
            }
            #expect(foreign?.code == .addressNotAvailable)
        }
    }

    // MARK: Adoption

    @Test func aSocketOfSomebodyElseIsAdopted() async throws {
        try await onLoop { loop in
            let (socket, peer) = (try RawDatagramSocket(), try RawDatagramSocket())
            try socket.connect(to: peer.localAddress)
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(adopting: socket.descriptor, recorder)
            #expect(transport.localAddress == socket.localAddress)
            #expect(transport.remoteAddress == peer.localAddress)
            try transport.send("out")
            try peer.send("in", to: socket.localAddress)
            let text = try await offThread { try peer.receiveText() }
            #expect(text == "out")
            try await until(loop) { recorder.texts == ["in"] }
            #expect(throws: UVError.fileExists) {
                try loop.openDatagram(adopting: socket.descriptor, DatagramRecorder())
            }
            transport.close()
            try await until(loop) { recorder.isLost }
            peer.close()
        }
    }

    @Test func whatIsNoDatagramSocketIsLeftAlone() async throws {
        try await onLoop { loop in
            let stream = try RawSocket.bound()
            #expect(throws: UVError.protocolWrongType) {
                try loop.openDatagram(adopting: stream.descriptor, DatagramRecorder())
            }
            let (peer, local) = try RawDatagramSocket.pair()
            #expect(throws: UVError.addressFamilyNotSupported) {
                try loop.openDatagram(adopting: local, DatagramRecorder())
            }
            for descriptor in [stream.descriptor, local] {
                #expect(fcntl(descriptor, F_GETFD) >= 0)
            }
            cuv_close(local)
            peer.close()
            #expect(throws: UVError.badFileDescriptor) {
                try loop.openDatagram(adopting: -1, DatagramRecorder())
            }
            stream.close()
        }
    }
}
