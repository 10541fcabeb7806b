import Testing

@testable import UVLoop

/// One after the other: each has a loop with a thread of its own, and there are many.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct StreamCancellationTests {
    /// In what state the stream is in which a cancelled task finds it.
    enum State: CaseIterable { case fresh, full, ended, clogged, aborted, reset }

    private static func bring(
        _ stream: SocketStream, _ peer: RawSocket, to state: State, _ loop: isolated EventLoop
    ) async throws {
        switch state {
        case .fresh: break
        case .full:
            try peer.send(String(repeating: "line\n", count: 20))
            try await stream.hasReadAhead(100, loop)
        case .ended:
            peer.endWriting()
            try await stream.hasSeenEnd(loop)
        case .clogged: try await stream.clog()
        case .aborted: stream.abort()
        case .reset:
            peer.reset()
            try await until(loop) { stream.core.isGone }
        }
    }

    @Test(arguments: State.allCases)
    func aCancelledTaskIsToldSoAtOnce(_ state: State) async throws {
        try await withStream(receiveBuffer: 4_096, closesPeer: state != .reset) {
            loop, stream, peer in
            try await Self.bring(stream, peer, to: state, loop)
            for example in Cancellable.receiving + Cancellable.sending + Cancellable.others {
                for caller in Caller.allCases {
                    let error = try await loop.spawn { loop in
                        try await caller.run(loop) {
                            withUnsafeCurrentTask { $0?.cancel() }
                            return await failure { try await example.operation(stream) }
                        }
                    }.value
                    #expect(
                        error is CancellationError, "\(example.name) \(caller) \(error as Any)")
                }
            }
            guard state == .full else { return }
            #expect(try await stream.receive(exactly: 100)?.count == 100)
            // As if they had been cut off a moment later.
            await expect(.broken(.canceled)) { try await stream.send("x") }
        }
    }

    @Test(arguments: Cancellable.receiving, Caller.allCases)
    func aReceiveThatIsCancelledLosesNothing(
        _ example: Cancellable, _ caller: Caller
    ) async throws {
        try await withStream { loop, stream, peer in
            var received: [UInt8] = []
            for round in 0..<4 {
                let (begun, canceller) = (AsyncGate(), Canceller())
                let waiting = loop.spawn { loop in
                    try await caller.run(loop) {
                        canceller.takeCurrentTask()
                        begun.open()
                        return await failure { try await example.operation(stream) }
                    }
                }
                await begun.wait()
                try await stream.receiverWaits(loop)
                // Bytes that do not suffice for those that need many.
                if round > 0, example.name.hasSuffix("xactly") || example.name == "filling" {
                    let count = stream.transport.receivedByteCount
                    try peer.send(pattern(round..<round + 3))
                    try await until(loop) { stream.transport.receivedByteCount == count + 3 }
                    received += pattern(round..<round + 3)
                }
                canceller.cancel()
                let error = try await waiting.value
                #expect(error is CancellationError, "\(error as Any)")
            }
            try peer.send("rest")
            let expected = received + Array("rest".utf8)
            #expect(try await stream.receive(exactly: expected.count) == expected)
        }
    }

    @Test(arguments: Cancellable.sending, Caller.allCases)
    func aSendThatIsCancelled(_ example: Cancellable, _ caller: Caller) async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.clog()
            let canceller = Canceller()
            let waiting = loop.spawn { loop in
                try await caller.run(loop) {
                    canceller.takeCurrentTask()
                    try await example.operation(stream)
                }
            }
            try await stream.senderWaits(loop)
            canceller.cancel()
            await expectCancelled { try await waiting.value }
            let later = await failure { try await stream.send("x", timeout: .zero) }
            #expect(
                later as? StreamError
                    == (example.name == "waitForRoom" ? .timedOut : .broken(.canceled)))
            try peer.send("received")
            #expect(try await stream.receive() == Array("received".utf8))
        }
    }

    /// What this side has ended, nothing can cut off.
    @Test func aSendThatIsCancelledAfterTheEnd() async throws {
        try await withStream { loop, stream, peer in
            try await stream.sendEOF()
            let sending = loop.spawn { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                try await stream.send("x")
            }
            await expectCancelled { try await sending.value }
            await expect(.closed) { try await stream.send("x") }
            try await stream.sendEOF()
        }
    }

    /// A task is cancelled, and bytes come: whichever is first, none is lost or doubled.
    @Test(arguments: [1, 2, 3, 4])
    func cancellationAgainstData(_ seed: UInt64) async throws {
        try await withStream { loop, stream, peer in
            var random = SeededGenerator(seed: seed)
            let total = 400_000
            let sending = Task {
                try await offThread {
                    var random = SeededGenerator(seed: seed &+ 100)
                    var sent = 0
                    while sent < total {
                        let count = min(Int.random(in: 1...400, using: &random), total - sent)
                        try peer.send(pattern(sent..<sent + count))
                        sent += count
                    }
                }
            }
            var received = 0
            var cancelled = 0
            while received < total {
                let count = min(Int.random(in: 1...700, using: &random), total - received)
                let way = Int.random(in: 0..<5, using: &random)
                let start = received
                let task = Task.detached(executorPreference: way == 4 ? nil : loop.loopTaskExecutor)
                {
                    try await Self.receive(count, from: stream, way)
                }
                switch Int.random(in: 0..<4, using: &random) {
                case 0: break
                case 1: task.cancel()
                case 2:
                    await Task.yield()
                    task.cancel()
                default:
                    let spins = Int.random(in: 0..<3_000, using: &random)
                    startThread {
                        for _ in 0..<spins { _ = EventLoop.Instant.now }
                        task.cancel()
                    }
                }
                do {
                    let bytes = try await task.value
                    #expect(bytes == pattern(start..<start + bytes.count))
                    received += bytes.count
                } catch is CancellationError {
                    cancelled += 1
                }
            }
            #expect(received == total)
            #expect(cancelled > 0)
            try await sending.value
        }
    }

    private static func receive(
        _ count: Int, from stream: SocketStream, _ way: Int
    ) async throws -> [UInt8] {
        switch way {
        case 0: try await stream.receive(upTo: count) ?? []
        case 1: try await stream.receive(exactly: count) ?? []
        case 2: try await stream.withReceived(exactly: count) { Array($0) } ?? []
        default:
            try await [UInt8].received(count) { try await stream.receive(filling: $0) }
        }
    }
}

extension [UInt8] {
    /// Bytes that are received into memory of the caller's.
    nonisolated(nonsending) static func received(
        _ count: Int,
        _ body: nonisolated(nonsending) (UnsafeMutableRawBufferPointer) async throws -> Bool
    ) async throws -> [UInt8] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { memory.deallocate() }
        return try await body(memory) ? Array(memory) : []
    }
}
