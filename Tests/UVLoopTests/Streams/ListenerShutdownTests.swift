import Testing

@testable import UVLoop

/// `shutdown(grace:)` ends in order.
@Suite(.timeLimit(.minutes(1)))
struct ListenerShutdownTests {
    /// A listener with one connection, whose handler has begun.
    private func served(
        _ loop: isolated EventLoop, _ handler: @escaping Listener.Handler
    ) async throws -> (Listener, serving: Task<Void, any Error>, RawSocket) {
        let listener = try await loop.listen(on: .address(.anyPortIPv4))
        let begun = Counter()
        let serving = Task {
            try await listener.serve { stream in
                begun.increment()
                try await handler(stream)
            }
        }
        let peer = try RawSocket.connect(to: listener.addresses[0])
        try await until(loop) { begun.value == 1 }
        return (listener, serving, peer)
    }

    @Test(arguments: Caller.allCases)
    func handlersThatEndInTimeAreNotCancelled(_ caller: Caller) async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let (begun, cancelled) = (Counter(), Counter())
            let serving = Task {
                try await listener.serve { stream in
                    begun.increment()
                    for try await chunk in stream { try await stream.send(chunk) }
                    await Task.yield()
                    if Task.isCancelled { cancelled.increment() }
                }
            }
            let peers = try (0..<5).map { _ in try RawSocket.connect(to: listener.addresses[0]) }
            try await until(loop) { begun.value == 5 }
            let ending = loop.spawn { loop in
                try await caller.run(loop) { try await listener.shutdown(grace: .seconds(50)) }
            }
            try await until(loop) { !listener.server.isListening }
            // Handlers have heard nothing.
            for peer in peers {
                try peer.send("hello")
                #expect(try await offThread { try peer.receive(exactly: 5) }.count == 5)
                peer.endWriting()
                #expect(try await offThread { try peer.receiveToEnd() } == [])
                peer.close()
            }
            try await ending.value
            try await serving.value
            #expect(cancelled.value == 0)
            #expect(listener.server.connectionCount == 0)
            #expect(loop.core.timersKeepingAlive == 0)
            #expect(reports.contexts.isEmpty)
        }
    }

    @Test(arguments: Caller.allCases)
    func thoseThatDoNotAreCancelledThen(_ caller: Caller) async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let (begun, cancelled) = (Counter(), Counter())
            let serving = Task {
                try await listener.serve { stream in
                    let way = begun.increment() % 5
                    do {
                        switch way {
                        case 0: _ = try await stream.receive()
                        case 1: try await Task.sleep(for: .seconds(500))
                        case 2: _ = try await stream.receive(timeout: .seconds(500))
                        case 3:
                            try await stream.clog()
                            try await stream.send("x")
                        default:
                            async let child = stream.receive()
                            _ = try await child
                        }
                    } catch {
                        if error is CancellationError, Task.isCancelled { cancelled.increment() }
                        throw error
                    }
                }
            }
            let peers = try (0..<10).map { _ in
                try RawSocket.connect(to: listener.addresses[0], receiveBuffer: 4_096)
            }
            try await until(loop) { begun.value == 10 }
            let begin = EventLoop.Instant.now
            try await caller.run(loop) {
                try await listener.shutdown(grace: .milliseconds(30))
            }
            #expect(begin.duration(to: .now) >= .milliseconds(30))
            try await serving.value
            #expect(cancelled.value == 10)
            #expect(listener.server.connectionCount == 0)
            #expect(reports.contexts.isEmpty, "\(reports.contexts)")
            for peer in peers { peer.close() }
        }
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func noGraceAtAll(_ grace: Duration) async throws {
        try await onLoop { loop in
            let (listener, serving, peer) = try await served(loop) { stream in
                _ = try await stream.receive()
            }
            try await listener.shutdown(grace: grace)
            try await serving.value
            peer.close()
        }
    }

    @Test func aShutdownThatIsCancelledEndsTheGrace() async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            let (listener, serving, peer) = try await served(loop) { stream in
                _ = try await stream.receive()
            }
            let ending = loop.spawn { _ in try await listener.shutdown(grace: .seconds(500)) }
            try await until(loop) { !listener.server.isListening }
            ending.cancel()
            await expectCancelled { try await ending.value }
            try await serving.value
            try await until(loop) { listener.server.connectionCount == 0 }
            #expect(loop.core.timersKeepingAlive == 0)
            #expect(reports.contexts.isEmpty)
            peer.close()
        }
    }

    /// Without `serve`, what was accepted is aborted when the grace is over.
    @Test func streamsThatWereTakenAreAborted() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let peer = try RawSocket.connect(to: listener.addresses[0])
            let stream = try await listener.accept()!
            let receiving = loop.spawn { _ in try await stream.receive() }
            try await stream.receiverWaits(loop)
            try await listener.shutdown(grace: .milliseconds(5))
            await expect(.closed) { try await receiving.value }
            #expect(try await offThread { try peer.receiveToEnd() } == [])
            peer.close()
        }
    }

    /// A handler that does not hear of anything is waited for by `serve`, not by `shutdown`.
    @Test func aHandlerThatGoesOnIsWaitedFor() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let gate = AsyncGate()
            let (begun, ended) = (Counter(), Counter())
            let serving = Task {
                try await listener.serve { _ in
                    begun.increment()
                    await gate.wait()
                }
                ended.increment()
            }
            let peer = try RawSocket.connect(to: listener.addresses[0])
            try await until(loop) { begun.value == 1 }
            try await listener.shutdown(grace: .milliseconds(1))
            await turns(loop, for: .milliseconds(5))
            #expect(ended.value == 0)
            gate.open()
            try await serving.value
            peer.close()
        }
    }

    /// Also when they have been cancelled before, with the task that serves.
    @Test func theGraceOfHandlersThatDoNotHeedIsBounded() async throws {
        try await onLoop { loop in
            let gate = AsyncGate()
            let (listener, serving, peer) = try await served(loop) { _ in await gate.wait() }
            serving.cancel()
            // Nobody takes connections any more.
            try await until(loop) { !listener.server.isListening }
            try await listener.shutdown(grace: .milliseconds(1))
            #expect(listener.server.connectionCount == 0)
            gate.open()
            await expectCancelled { try await serving.value }
            peer.close()
        }
    }

    /// Who wants to serve a listener whose handlers are about to end does not take them over.
    @Test func aSecondServeDoesNotDisturbTheFirst() async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            let cancelled = Counter()
            let (listener, serving, peer) = try await served(loop) { stream in
                let error = await failure { try await stream.receive() }
                if error is CancellationError { cancelled.increment() }
                if let error { throw error }
            }
            await expect(.busy) { try await listener.serve { _ in } }
            await listener.close()
            try await until(loop) { !listener.queue.isTaking }
            await expect(.busy) { try await listener.serve { _ in } }
            try await listener.shutdown(grace: .milliseconds(1))
            try await serving.value
            #expect(cancelled.value == 1)
            #expect(reports.contexts.isEmpty, "\(reports.contexts)")
            // Nobody serves any more, and there is nothing to be served.
            try await listener.serve { _ in }
            peer.close()
        }
    }

    /// Whoever closes lets the handlers go on for as long as they want to.
    @Test func serveReturnsWhenTheListenerIsClosedAndAllHaveEnded() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let (begun, ended) = (Counter(), Counter())
            let serving = Task {
                try await listener.serve { stream in
                    begun.increment()
                    for try await chunk in stream { try await stream.send(chunk) }
                }
                ended.increment()
            }
            let peers = try (0..<3).map { _ in try RawSocket.connect(to: listener.addresses[0]) }
            try await until(loop) { begun.value == 3 }
            await listener.close()
            for (number, peer) in peers.enumerated() {
                try peer.send("\(number)")
                #expect(try await offThread { try peer.receive(exactly: 1) }.count == 1)
                #expect(ended.value == 0)
                peer.endWriting()
            }
            try await serving.value
            for peer in peers { peer.close() }
        }
    }
}
