import Testing

@testable import UVLoop

/// How datagram sockets end.
@Suite(.timeLimit(.minutes(1)))
struct DatagramClosingTests {
    @Test(arguments: [true, false])
    func closingWakesWhoWaits(gracefully: Bool) async throws {
        let thread = try EventLoopThread(name: "test")
        let socket = try await thread.loop.datagramSocket(boundTo: .address(.anyPortIPv4))
        let receiving = Task { try await socket.receive() }
        try await thread.loop.perform { loop in
            try await until(loop) { socket.receiver.arrival.isOccupied }
        }
        if gracefully { try await socket.close() } else { socket.abort() }
        await #expect(throws: StreamError.closed) { try await receiving.value }
        try await socket.close()
        socket.abort()
        try await socket.close()
        await #expect(throws: StreamError.closed) { try await socket.receive() }
        await #expect(throws: StreamError.closed) {
            try await socket.send("", to: socket.localAddress)
        }
        await #expect(throws: StreamError.closed) {
            try await socket.sendAll([""], to: socket.localAddress)
        }
        await #expect(throws: StreamError.closed) { try await socket.setTTL(1) }
        for try await _ in socket { Issue.record("a closed socket has nothing to iterate over") }
        await thread.shutdown()
        await #expect(throws: StreamError.closed) { try await socket.receive() }
        try await socket.close()
        socket.abort()
    }

    @Test func closeSendsWhatWaitsUnlessItIsCancelled() async throws {
        try await onLoop { loop in
            for isCancelled in [false, true] {
                let (socket, peer) = try loop.pairedSocket()
                let transport = try socket.receiver.openTransport()
                let count = try transport.sendUntilQueued()
                let sending = Task { try await socket.send("\(count)") }
                try await until(loop) { transport.bufferedDatagramCount == 2 }
                let closing = Task { try await socket.close() }
                let closingToo = Task { try await socket.close() }
                try await until(loop) { transport.isClosed }
                await turns(loop, for: .milliseconds(5))
                #expect(transport.isActive)
                if isCancelled {
                    closing.cancel()
                    await #expect(throws: CancellationError.self) { try await closing.value }
                    await #expect(throws: StreamError.closed) { try await sending.value }
                } else {
                    let received = try await offThread {
                        try (0...count).map { _ in try peer.receiveText() }
                    }
                    #expect(received.last == "\(count)")
                    try await closing.value
                    try await sending.value
                }
                try await closingToo.value
                try await until(loop) { !loop.core.hasUserHandles }
                peer.close()
            }
        }
    }

    @Test func aCancelledTaskClosesAtOnce() async throws {
        try await onLoop { loop in
            let (socket, peer) = try loop.pairedSocket()
            _ = try socket.receiver.openTransport().sendUntilQueued()
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await socket.close()
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            try await until(loop) { !loop.core.hasUserHandles }
            peer.close()
        }
    }

    @Test func theLoopsEndClosesIt() async throws {
        let thread = try EventLoopThread(name: "test")
        let socket = try await thread.loop.datagramSocket(boundTo: .address(.anyPortIPv4))
        let receiving = Task { try await socket.receive(timeout: .seconds(1_000)) }
        try await thread.loop.perform { loop in
            try await until(loop) { socket.receiver.arrival.isOccupied }
        }
        await thread.shutdown()
        await #expect(throws: StreamError.closed) { try await receiving.value }
    }

    @Test func oneThatNobodyRefersToIsClosed() async throws {
        let thread = try EventLoopThread(name: "test")
        do {
            let socket = try await thread.loop.datagramSocket(boundTo: .address(.anyPortIPv4))
            try await socket.send("unheard", to: socket.localAddress)
        }
        try await thread.loop.perform { loop in
            try await until(loop) { !loop.core.hasUserHandles }
        }
        await thread.shutdown()
    }

    /// In a process of its own: descriptors are counted.
    @Test func socketsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            let thread = try EventLoopThread(name: "test")
            let loop = thread.loop
            func round() async throws {
                let server = try await loop.datagramSocket(boundTo: .address(.anyPortIPv4))
                let client = try await loop.datagramSocket(
                    connectedTo: .address(server.localAddress))
                let cancelled = Task { try await server.receive() }
                cancelled.cancel()
                if case .success = await cancelled.result { Issue.record("nothing was sent") }
                let receiving = Task { try await server.receive(timeout: .seconds(100)) }
                try await client.sendAll(["a", "b", "c"])
                _ = try await receiving.value
                client.abort()
                try await server.close()
            }
            // What grows once, such as pools and buffers, has grown after this.
            for _ in 0..<1_000 { try await round() }
            let before = (openDescriptorCount(), residentByteCount())
            for _ in 0..<5_000 { try await round() }
            try await loop.perform { loop in
                try await until(loop) { !loop.core.hasUserHandles }
            }
            #expect(openDescriptorCount() <= before.0)
            // A round makes two sockets of more than 500 bytes; the memory grows in large steps.
            let growth = residentByteCount() - before.1
            #expect(growth < 1_000_000, "\(growth) bytes")
            await thread.shutdown()
        }
    }
}
