import CUV
import Glibc
import Testing

@testable import UVLoop

/// Descriptors that transports and servers of the loop have: nobody else may watch them there.
@Suite(.timeLimit(.minutes(2))) struct OwnedDescriptorTests {
    @Test(arguments: [false, true])
    func theDescriptorOfATransport(isPaused: Bool) async throws {
        try await onLoop { loop in
            let (stream, peer) = try await loop.streamPair()
            let descriptor = try await stream.withTransport { transport in
                if isPaused { transport.pauseReading() }
                return try transport.fileDescriptor
            }
            try await expectRefused(descriptor, on: loop)
            stream.abort()
            peer.abort()
        }
    }

    /// Also of one that keeps its clients waiting.
    @Test(arguments: [false, true])
    func theDescriptorOfAServer(isHeld: Bool) async throws {
        try await onLoop { loop in
            let socket = try RawSocket.listener()
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            var descriptors: [Int32] = []
            loop.core.forEachUserHandle { raw in
                var found: uv_os_fd_t = -1
                if uv_fileno(raw, &found) == 0 { descriptors.append(found) }
            }
            #expect(descriptors.count == 1)
            if isHeld {
                loop.core.forEachHandleObject { ($0 as? ListeningSocket)?.setAccepting(false) }
            }
            for descriptor in descriptors { try await expectRefused(descriptor, on: loop) }
            try Poll(loop, socket.descriptor).close()
            listener.server.close()
            socket.close()
        }
    }

    @Test(arguments: [false, true])
    func theDescriptorOfADatagramTransport(isPaused: Bool) async throws {
        try await onLoop { loop in
            let transport = try loop.openDatagram(
                boundToAddress: .anyPortIPv4, DatagramRecorder())
            if isPaused { transport.pauseReading() }
            try await expectRefused(transport.fileDescriptor, on: loop)
            transport.close()
        }
    }

    @Test func asAValue() {
        var owned = OwnedDescriptors()
        for number: Int32 in [-1, 0, 63, 64, 1_000_000, .max] { #expect(!owned.contains(number)) }
        for number: Int32 in [3, 63, 64, 1_000] { owned.insert(number) }
        for number: Int32 in [3, 63, 64, 1_000] { #expect(owned.contains(number)) }
        for number: Int32 in [-1, 0, 2, 4, 62, 65, 999, 1_001] { #expect(!owned.contains(number)) }
        for number: Int32 in [-1, 4, 63, 5_000] { owned.remove(number) }
        for (number, isOwned) in [(3, true), (63, false), (64, true), (1_000, true)] {
            #expect(owned.contains(Int32(number)) == isOwned)
        }
    }

    /// The number is free once its transport is closed. Standard input stays open then, because
    /// libuv never closes it. In a process of its own: it is another's.
    @Test func theDescriptorOfATransportThatIsGone() async {
        await #expect(processExitsWith: .success) {
            try await onLoop { loop in
                let pair = try RawPair()
                precondition(dup2(pair.descriptor, STDIN_FILENO) == STDIN_FILENO)
                let transport = try loop.adopt(descriptor: STDIN_FILENO, PlainRecorder())
                transport.pauseReading()
                try await expectRefused(STDIN_FILENO, on: loop)
                transport.abort()
                precondition(fcntl(STDIN_FILENO, F_GETFD) >= 0)
                try await loop.waitUntilWritable(STDIN_FILENO)
            }
        }
    }
}

/// What watches a descriptor or uses it refuses one that is another's.
private func expectRefused(
    _ descriptor: Int32, on loop: EventLoop, isolation: isolated (any Actor)? = #isolation
) async throws {
    #expect(throws: UVError.resourceBusy) { try Poll(loop, descriptor) }
    let socket = RawDescriptor(descriptor, on: loop)
    let attempts: [() async throws -> Void] = [
        { try await loop.waitUntilReadable(descriptor, timeout: .milliseconds(100)) },
        { try await loop.waitUntilWritable(descriptor) },
        { _ = try await socket.receive(upTo: 1) },
        { try await socket.sendAll("x") },
        { _ = try await socket.sendFile(descriptor) },
    ]
    for attempt in attempts {
        let error = await failure(of: attempt)
        #expect(error as? UVError == .resourceBusy)
    }
}
