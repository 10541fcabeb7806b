import Glibc
import Testing

@testable import UVLoop

/// The descriptors 0, 1 and 2, which libuv never closes: some of its functions leave them open,
/// others stop the program. In processes of their own: they are exchanged and closed.
@Suite(.timeLimit(.minutes(2))) struct StandardDescriptorTests {
    /// A graceful close still tells the peer, and the descriptor can be used by others then.
    @Test func anAdoptedStreamLeavesItOpen() async {
        await #expect(processExitsWith: .success) {
            try await onLoop { loop in
                let pair = try RawPair()
                precondition(dup2(pair.descriptor, STDIN_FILENO) == STDIN_FILENO)
                close(pair.descriptor)
                let stream = try await loop.adopt(descriptor: STDIN_FILENO)
                try pair.peer.send("ping")
                #expect(try await stream.receive(exactly: 4) == Array("ping".utf8))
                pair.peer.endWriting()
                try await stream.close()
                #expect(try await offThread { try pair.peer.receiveToEnd() } == [])
                precondition(fcntl(STDIN_FILENO, F_GETFD) >= 0)
                try await loop.waitUntilWritable(STDIN_FILENO)
            }
        }
    }

    /// As those have it whom a service manager starts for the first datagram.
    @Test func anAdoptedDatagramSocketLeavesItOpen() async {
        await #expect(processExitsWith: .success) {
            try await onLoop { loop in
                let (socket, peer) = (try RawDatagramSocket(), try RawDatagramSocket())
                precondition(dup2(socket.descriptor, STDIN_FILENO) == STDIN_FILENO)
                let before = openDescriptorCount()
                let recorder = DatagramRecorder()
                let transport = try loop.openDatagram(adopting: STDIN_FILENO, recorder)
                let own = try transport.fileDescriptor
                #expect(own > STDERR_FILENO)
                try peer.send("ping", to: socket.localAddress)
                try await until(loop) { recorder.texts == ["ping"] }
                transport.close()
                try await until(loop) { recorder.isLost }
                precondition(fcntl(STDIN_FILENO, F_GETFD) >= 0)
                try await until(loop) { openDescriptorCount() <= before }
            }
        }
    }

    /// The port is free then, and the number is not.
    @Test func anAdoptedListeningSocketLeavesTheNullDevice() async {
        await #expect(processExitsWith: .success) {
            try await withLoop { loop in
                let socket = try RawSocket.listener()
                let address = socket.localAddress
                precondition(dup2(socket.descriptor, STDIN_FILENO) == STDIN_FILENO)
                socket.close()
                let server = try loop.listen(adopting: STDIN_FILENO) { PlainRecorder() }
                try RawSocket.connect(to: address).close()
                server.close()
                #expect(throws: (any Error).self) { try RawSocket.connect(to: address) }
                precondition(DescriptorKind(STDIN_FILENO) == .file)
            }
        }
    }

    /// A program that has closed them, as daemons do: nothing of the loop may get their numbers.
    @Test func aProgramWithoutThem() async throws {
        let lines = try await Probe("ProbeRunMain").lines("withoutStandardDescriptors")
        #expect(lines == ["no error"])
    }
}
