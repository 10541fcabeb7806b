import Testing
import UVLoop

// The code of the article on datagrams, as in Snippets.swift.

@Suite struct DatagramSnippets {
    private func echo(_ loop: isolated EventLoop) async throws {
        let socket = try await loop.datagramSocket(boundTo: .ip("127.0.0.1", port: 0))
        for try await datagram in socket {
            try await socket.send(datagram.bytes, to: datagram.sender)
        }
    }

    @Test func echoing() throws {
        let result = try EventLoop.run { loop in
            let serving = loop.spawn { loop in try await self.echo(loop) }
            await Task.yield()
            serving.cancel()
            return await serving.result
        }
        #expect(throws: CancellationError.self) { try result.get() }
    }

    private func ask(_ loop: isolated EventLoop, port: Int) async throws -> Datagram? {
        let socket = try await loop.datagramSocket(connectedTo: .host("localhost", port: port))
        for _ in 1...3 {
            try await socket.send("question")
            do {
                return try await socket.receive(timeout: .seconds(1))
            } catch StreamError.timedOut {
                continue  // lost on the way, there or back
            } catch let error as UVError where error == .connectionRefused {
                break  // nobody listens there
            }
        }
        return nil
    }

    @Test func asking() throws {
        let answer = try EventLoop.run { loop in
            // Where "localhost" is first, on this machine.
            let server = try await loop.openDatagram(
                boundTo: .host("localhost", port: 0), Answering())
            return try await ask(loop, port: server.localAddress.port)
        }
        #expect(answer?.bytes == [UInt8]("question".utf8))
    }

    final class Answering: DatagramProtocol {
        private unowned var transport: DatagramTransport!

        func connectionMade(_ transport: DatagramTransport) { self.transport = transport }

        func datagramReceived(_ bytes: RawSpan, from sender: SocketAddress) throws {
            try transport.send(bytes, to: sender)
        }

        func errorReceived(_ error: UVError) { print("a datagram was lost: \(error)") }
    }

    @Test func answering() throws {
        let answer = try EventLoop.run { loop in
            let transport = try await loop.openDatagram(
                boundTo: .ip("127.0.0.1", port: 0), Answering())
            let client = try await loop.datagramSocket(
                connectedTo: .address(transport.localAddress))
            try await client.send("protocol")
            return try await client.receive().bytes
        }
        #expect(answer == [UInt8]("protocol".utf8))
    }

    @Test func membersOfAGroup() throws {
        let port = 0
        let joined = try EventLoop.run { loop in
            var options = DatagramOptions()
            options.reuseAddress = true
            let member = try await loop.datagramSocket(
                boundTo: .ip("0.0.0.0", port: port), options: options)
            try await member.joinGroup("239.255.10.20", onInterface: "127.0.0.1")
            let target = try SocketAddress(ip: "239.255.10.20", port: member.localAddress.port)
            try await member.setMulticastInterface("127.0.0.1")
            try await member.send("to the group", to: target)
            return try await member.receive().bytes
        }
        #expect(joined == [UInt8]("to the group".utf8))
    }
}
