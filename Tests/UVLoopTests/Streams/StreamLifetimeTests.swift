import Testing

@testable import UVLoop

/// Streams that nobody refers to, and loops that close with streams.
@Suite(.timeLimit(.minutes(1)))
struct StreamLifetimeTests {
    /// Lets go of the only reference in a way of its own.
    enum Release: CaseIterable { case onLoop, onThread, afterTheLoop }

    @Test(arguments: Release.allCases)
    func aStreamThatNobodyRefersToIsAborted(_ way: Release) async throws {
        let thread = try EventLoopThread()
        let box = Box()
        let peer = try await thread.loop.perform { loop in
            let (stream, peer) = try await loop.streamAndPeer()
            box.stream = consume stream
            return peer
        }
        switch way {
        case .onLoop: try await thread.loop.perform { _ in box.stream = nil }
        case .onThread: try await offThread { box.stream = nil }
        case .afterTheLoop:
            await thread.shutdown()
            box.stream = nil
        }
        let end = try await offThread { try peer.receiveToEnd() }
        #expect(end == [])
        peer.close()
        await thread.shutdown()
    }

    // Sound: the test touches it in one place after the other.
    private final class Box: @unchecked Sendable {
        var stream: SocketStream?
    }

    @Test func everythingOfAStreamGoes() async throws {
        try await onLoop { loop in
            var (stream, peer): (SocketStream?, RawSocket) = try await loop.streamAndPeer()
            weak let core = stream?.core
            weak let transport = stream?.transport
            try peer.send("bytes")
            try await stream?.hasReadAhead(5, loop)
            await expect(.timedOut) {
                try await stream?.receive(exactly: 9, timeout: .milliseconds(1))
            }
            stream = nil
            try await until(loop) { core == nil && transport == nil }
            peer.close()
        }
    }

    /// Each way to wait ends when the loop closes, wherever the task runs: that is an end of this
    /// side, but for the tasks that the loop cancels.
    @Test(arguments: Caller.allCases)
    func whatWaitsEndsWithTheLoop(_ caller: Caller) async throws {
        let thread = try EventLoopThread()
        let ended = Counter()
        let (waiting, peers) = try await thread.loop.perform { loop in
            var peers: [RawSocket] = []
            var tasks: [Task<[String], Never>] = []
            for _ in 0..<3 {
                let (stream, peer) = try await loop.streamAndPeer(receiveBuffer: 4_096)
                peers.append(peer)
                try await stream.clog()
                let listener = try await loop.listen(on: .address(.anyPortIPv4))
                func start(_ work: @escaping Caller.Work<Void>) {
                    tasks.append(
                        Task.detached {
                            let errors = try? await loop.perform { loop in
                                try await caller.run(loop) {
                                    let first = await failure { try await work() }
                                    let second = await failure { try await work() }
                                    ended.increment()
                                    return [Self.name(first), Self.name(second)]
                                }
                            }
                            return errors ?? []
                        })
                }
                start { _ = try await stream.receive() }
                start { try await stream.send(pattern(100)) }
                start { while let _ = try await listener.accept() {} }
                try await stream.receiverWaits(loop)
                try await stream.senderWaits(loop)
            }
            return (tasks, peers)
        }
        await thread.shutdown()
        for (index, task) in waiting.enumerated() {
            let errors = await task.value
            let isListener = index % 3 == 2
            if caller != .spawned {
                #expect(errors == (isListener ? ["none", "none"] : ["closed", "closed"]))
            } else if isListener {
                // That it has closed may be heard first.
                #expect(errors.last == "cancelled")
            } else {
                #expect(errors == ["cancelled", "cancelled"])
            }
        }
        #expect(ended.value == 9)
        for peer in peers { peer.close() }
    }

    private static func name(_ error: (any Error)?) -> String {
        guard let error else { return "none" }
        if error is CancellationError { return "cancelled" }
        return error as? StreamError == .closed ? "closed" : "\(error)"
    }

    /// Also if there would be something to receive, or an end.
    @Test(arguments: ["bytes", "end"])
    func theLoopsEndGoesBeforeWhatHasCome(_ what: String) async throws {
        let thread = try EventLoopThread()
        let (stream, peer) = try await thread.loop.perform { loop in
            let (stream, peer) = try await loop.streamAndPeer()
            if what == "bytes" {
                try peer.send("bytes")
                try await stream.hasReadAhead(5, loop)
            } else {
                peer.endWriting()
                try await stream.hasSeenEnd(loop)
            }
            return (stream, peer)
        }
        await thread.shutdown()
        await expect(.closed) { try await stream.receive() }
        await expect(.closed) { try await stream.sendEOF() }
        await expect(.closed) { try await stream.send("x") }
        peer.close()
    }

    @Test func aClosedLoopSaysClosed() async throws {
        let thread = try EventLoopThread()
        let (stream, peer, listener) = try await thread.loop.perform { loop in
            let (stream, peer) = try await loop.streamAndPeer()
            return (stream, peer, try await loop.listen(on: .address(.anyPortIPv4)))
        }
        await thread.shutdown()
        await expect(.closed) { try await stream.receive() }
        await expect(.closed) { try await stream.receive(exactly: 3, timeout: .seconds(1)) }
        await expect(.closed) { try await stream.send("x") }
        await expect(.closed) { try await stream.waitForRoom() }
        stream.abort()
        try await stream.close()
        await expect(.closed) { try await stream.receive() }
        #expect(try await listener.accept() == nil)
        try await listener.serve { _ in Issue.record("nobody can come") }
        try await listener.shutdown(grace: .seconds(50))
        await listener.close()
        for endpoint in [Endpoint.ip("127.0.0.1", port: 1), .host("localhost", port: 1)] {
            let connecting = await failure { try await thread.loop.connect(to: endpoint) }
            #expect((connecting as? EndpointError)?.code == .canceled)
            let listening = await failure { try await thread.loop.listen(on: endpoint) }
            #expect((listening as? EndpointError)?.code == .canceled)
        }
        peer.close()
    }

    /// The tasks of a listener's handlers end with the loop as well.
    @Test func serveEndsWithTheLoop() async throws {
        for _ in 0..<10 {
            let thread = try EventLoopThread()
            let (serving, begun, ended) = (Counter(), Counter(), Counter())
            let (task, peers) = try await thread.loop.perform { loop in
                loop.exceptionHandler = { _ in }
                let listener = try await loop.listen(on: .address(.anyPortIPv4))
                let task = Task.detached {
                    serving.increment()
                    try await listener.serve { stream in
                        begun.increment()
                        defer { ended.increment() }
                        _ = try await stream.receive()
                    }
                }
                let peers = try (0..<10).map { _ in
                    try RawSocket.connect(to: listener.addresses[0])
                }
                try await until(loop) { begun.value >= 10 }
                return (task, peers)
            }
            await thread.shutdown()
            try await task.value
            #expect(ended.value == begun.value)
            for peer in peers { peer.close() }
        }
    }
}
