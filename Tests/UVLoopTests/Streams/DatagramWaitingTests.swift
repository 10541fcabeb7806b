import Testing

@testable import UVLoop

/// Operations of datagram sockets that wait, and how the wait ends.
@Suite(.timeLimit(.minutes(1)))
struct DatagramWaitingTests {
    private func text(_ datagram: Datagram) -> String {
        String(decoding: datagram.bytes, as: UTF8.self)
    }

    // MARK: Receiving

    @Test func aSecondReceiverIsTurnedAway() async throws {
        try await onLoop { loop in
            let socket = try await loop.datagramSocket(boundTo: .address(.anyPortIPv4))
            let first = Task { try await socket.receive() }
            try await until(loop) { socket.receiver.arrival.isOccupied }
            await #expect(throws: StreamError.busy) { try await socket.receive() }
            try await socket.send("for the first", to: socket.localAddress)
            let datagram = try await first.value
            #expect(text(datagram) == "for the first")
        }
    }

    @Test func aCancelledReceiveLosesNothing() async throws {
        let thread = try EventLoopThread(name: "test")
        let socket = try await thread.loop.datagramSocket(boundTo: .address(.anyPortIPv4))
        try await socket.setReceiveBufferSize(4_000_000)
        // Sound: one task at a time uses it.
        nonisolated(unsafe) let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: 16, alignment: 1)
        defer { memory.deallocate() }
        let peer = try RawDatagramSocket()
        let count = 2_000
        var random = SeededGenerator(seed: 1)
        var sent = 0
        var received: [String] = []
        var cancelled = 0
        while received.count < count {
            let intoMemory = Bool.random(using: &random)
            let task = Task {
                guard intoMemory else { return text(try await socket.receive()) }
                let head = try await socket.receive(into: memory)
                return String(decoding: memory[..<head.byteCount], as: UTF8.self)
            }
            // All the orders of sending and cancelling that there are.
            if Bool.random(using: &random) { await Task.yield() }
            if sent < count, sent - received.count < 100 {
                try peer.send("\(sent)", to: socket.localAddress)
                sent += 1
            }
            if Bool.random(using: &random) { await Task.yield() }
            if sent < count || Bool.random(using: &random) { task.cancel() }
            switch await task.result {
            case .success(let text): received.append(text)
            case .failure(let error):
                #expect(error is CancellationError)
                cancelled += 1
            }
        }
        #expect(received == (0..<count).map { "\($0)" })
        #expect(cancelled > 0)
        peer.close()
        await thread.shutdown()
    }

    @Test func aCancelledTaskIsToldSoFirst() async throws {
        try await onLoop { loop in
            let socket = try await loop.datagramSocket(boundTo: .address(.anyPortIPv4))
            try await socket.send("there", to: socket.localAddress)
            try await until(loop) { socket.receiver.queue.count == 1 }
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                await #expect(throws: CancellationError.self) { try await socket.receive() }
                await #expect(throws: CancellationError.self) {
                    try await socket.send("", to: socket.localAddress)
                }
                await #expect(throws: CancellationError.self) {
                    try await socket.sendAll([""], to: socket.localAddress)
                }
                await #expect(throws: CancellationError.self) { try await socket.setTTL(1) }
            }
            await task.value
            let datagram = try await socket.receive()
            #expect(text(datagram) == "there")
        }
    }

    @Test func timeOutsOfReceiving() async throws {
        try await onLoop { loop in
            let socket = try await loop.datagramSocket(boundTo: .address(.anyPortIPv4))
            let start = ContinuousClock.now
            await #expect(throws: StreamError.timedOut) {
                try await socket.receive(timeout: .milliseconds(20))
            }
            #expect(ContinuousClock.now - start >= .milliseconds(20))
            await #expect(throws: StreamError.timedOut) {
                try await socket.receive(timeout: .zero)
            }
            try await socket.send("in time", to: socket.localAddress)
            let datagram = try await socket.receive(timeout: .seconds(1_000))
            #expect(text(datagram) == "in time")
            // Nothing is left of the time-out.
            #expect(loop.core.timersKeepingAlive == 0)
            try await socket.send("there", to: socket.localAddress)
            try await until(loop) { socket.receiver.queue.count == 1 }
            let second = try await socket.receive(timeout: .zero)
            #expect(text(second) == "there")
        }
    }

    @Test(arguments: [(4, 1_000_000), (1, 1_000_000), (1_000, 10)])
    func whatNobodyReceivesHasABound(datagrams: Int, bytes: Int) async throws {
        try await onLoop { loop in
            var limits = DatagramSocket.ReceiveLimits()
            limits.datagrams = datagrams
            limits.bytes = bytes
            let socket = try await loop.datagramSocket(
                boundTo: .address(.anyPortIPv4), limits: limits)
            for number in 100..<200 {
                try await socket.send("\(number)", to: socket.localAddress)
            }
            await turns(loop, for: .milliseconds(10))
            let kept = socket.receiver.queue.count
            #expect(kept == min(datagrams, (bytes + 2) / 3))
            var received: [String] = []
            while received.count < 100 { received.append(text(try await socket.receive())) }
            #expect(received == (100..<200).map { "\($0)" })
        }
    }

    @Test func whatTheSystemDropsIsCounted() async throws {
        try await onLoop { loop in
            var limits = DatagramSocket.ReceiveLimits()
            limits.datagrams = 1
            let socket = try await loop.datagramSocket(
                boundTo: .address(.anyPortIPv4), limits: limits)
            try await socket.setReceiveBufferSize(4_096)
            for _ in 0..<200 {
                try await socket.send([UInt8](repeating: 0, count: 100), to: socket.localAddress)
            }
            let dropped = try #require(try await socket.droppedDatagramCount())
            #expect(dropped > 0)
            for _ in 0..<200 - dropped { _ = try await socket.receive(timeout: .seconds(50)) }
        }
    }

    // MARK: Sending

    @Test func sendingWaitsForRoom() async throws {
        try await onLoop { loop in
            let (socket, peer) = try loop.pairedSocket()
            var sent = 0
            let transport = try socket.receiver.openTransport()
            while transport.bufferedDatagramCount == 0 {
                let number = sent
                let task = loop.spawn { _ in try await socket.send("\(number)") }
                await turns(loop, for: .zero)
                sent += 1
                if transport.bufferedDatagramCount == 0 {
                    try await task.value
                } else {
                    // It waits: others may queue behind it.
                    let another = loop.spawn { _ in try await socket.send("\(number + 1)") }
                    await turns(loop, for: .milliseconds(5))
                    #expect(transport.bufferedDatagramCount == 2)
                    let total = sent + 1
                    let received = try await offThread {
                        try (0..<total).map { _ in try peer.receiveText() }
                    }
                    #expect(received == (0..<total).map { "\($0)" })
                    try await task.value
                    try await another.value
                    break
                }
            }
            peer.close()
        }
    }

    @Test func aSendThatWaitsCanBeGivenUp() async throws {
        try await onLoop { loop in
            let (socket, peer) = try loop.pairedSocket()
            let transport = try socket.receiver.openTransport()
            _ = try transport.sendUntilQueued()
            await #expect(throws: StreamError.timedOut) {
                try await socket.send("late", timeout: .milliseconds(5))
            }
            let task = Task { try await socket.send("cancelled") }
            try await until(loop) { transport.bufferedDatagramCount == 3 }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let aborted = Task { try await socket.send("aborted") }
            try await until(loop) { transport.bufferedDatagramCount == 4 }
            socket.abort()
            await #expect(throws: StreamError.closed) { try await aborted.value }
            peer.close()
        }
    }

    @Test func aSendThatFailsLaterThrows() async throws {
        try await onLoop { loop in
            let (socket, peer) = try loop.pairedSocket()
            let transport = try socket.receiver.openTransport()
            let count = try transport.sendUntilQueued()
            let failing = Task { try await socket.send([UInt8](repeating: 0, count: 300_000)) }
            try await until(loop) { transport.bufferedDatagramCount == 2 }
            let next = Task { try await socket.send("next") }
            try await until(loop) { transport.bufferedDatagramCount == 3 }
            let received = try await offThread {
                try (0...count).map { _ in try peer.receiveText() }
            }
            #expect(received.last == "next")
            await #expect(throws: UVError.messageTooLong) { try await failing.value }
            try await next.value
            peer.close()
        }
    }

    @Test func sendingSeveral() async throws {
        let thread = try EventLoopThread(name: "test")
        let server = try await thread.loop.datagramSocket(boundTo: .address(.anyPortIPv4))
        try await server.setReceiveBufferSize(8_000_000)
        let client = try await thread.loop.datagramSocket(
            connectedTo: .address(server.localAddress))
        let texts = (0..<450).map { "\($0)" }
        let receiving = Task {
            var received: [String] = []
            while received.count < texts.count { received.append(text(try await server.receive())) }
            return received
        }
        try await client.sendAll([String]())
        try await client.sendAll(texts)
        let received = try await receiving.value
        #expect(received == texts)
        let tooLong = [UInt8](repeating: 0, count: 65_508)
        await #expect(throws: UVError.messageTooLong) {
            try await client.sendAll([[1], tooLong, [2], tooLong, [3]])
        }
        for byte in [1, 2, 3] as [UInt8] {
            let datagram = try await server.receive()
            #expect(datagram.bytes == [byte])
        }
        await #expect(throws: UVError.destinationAddressRequired) {
            try await server.sendAll(["nowhere"])
        }
        await thread.shutdown()
    }

    @Test func sendingSeveralWaitsForRoom() async throws {
        try await onLoop { loop in
            let (socket, peer) = try loop.pairedSocket()
            let texts = (0..<1_000).map { "\($0)" }
            let task = Task { try await socket.sendAll(texts) }
            let received = try await offThread { try texts.map { _ in try peer.receiveText() } }
            #expect(received == texts)
            try await task.value
            await #expect(throws: StreamError.timedOut) {
                try await socket.sendAll(texts, timeout: .milliseconds(10))
            }
            peer.close()
        }
    }
}
