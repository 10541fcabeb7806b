import Testing

@testable import UVLoop

/// Streams leave nothing behind. In processes of their own: descriptors and memory are counted.
@Suite struct StreamLeakTests {
    private static func handleCount(_ loop: isolated EventLoop) -> Int {
        var count = 0
        loop.core.forEachUserHandle { _ in count += 1 }
        return count
    }

    @Test func connectionsThroughServe() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let total = 10_000
                let listener = try await loop.listen(on: .address(.anyPortIPv4))
                let target = Endpoint.address(listener.addresses[0])
                loop.exceptionHandler = { _ in }
                let serving = loop.spawn { _ in
                    try await listener.serve { stream in
                        for try await chunk in stream { try await stream.send(chunk) }
                    }
                }

                func client(_ number: Int) async throws {
                    try await loop.withConnection(to: target) { stream in
                        try await stream.send("ping\n", timeout: .seconds(50))
                        _ = try await stream.receive(exactly: 5, timeout: .seconds(50))
                        // All ways to end, in turn.
                        switch number % 4 {
                        case 0: try await stream.sendEOF()
                        case 1:
                            stream.abort()
                        case 2:
                            _ = try? await stream.receive(timeout: .zero)
                            throw Mishap("client")
                        default:
                            _ = try? await stream.receive(exactly: 10, timeout: .nanoseconds(1))
                        }
                    }
                }

                func round(_ count: Int) async {
                    await withTaskGroup { group in
                        for number in 0..<count {
                            group.addTask(executorPreference: loop.loopTaskExecutor) {
                                try? await client(number)
                            }
                        }
                    }
                }

                func settle() async throws {
                    try await until(loop) { listener.server.connectionCount == 0 }
                }

                // What grows once, such as pools and buffers, has grown after this.
                for _ in 0..<30 { await round(100) }
                try await settle()
                let before = (
                    openDescriptorCount(), Self.handleCount(loop), residentByteCount()
                )
                for _ in 0..<total / 100 { await round(100) }
                try await settle()
                precondition(openDescriptorCount() <= before.0)
                precondition(Self.handleCount(loop) == before.1)
                precondition(loop.core.timersKeepingAlive == 0)
                let growth = residentByteCount() - before.2
                precondition(growth < total * 150, "\(growth) bytes for \(total) connections")
                serving.cancel()
                _ = try? await serving.value
            }
        }
    }

    @Test func waitsThatAreCutOff() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let (stream, peer) = try await loop.streamAndPeer(receiveBuffer: 4_096)
                try await stream.clog()
                let alive = Counter()
                let dead = Counter()

                func round(_ number: Int) async throws {
                    alive.increment()
                    let canary = SendableCanary { dead.increment() }
                    let task = Task.detached(
                        executorPreference: number % 3 == 0 ? nil : loop.loopTaskExecutor
                    ) {
                        defer { withExtendedLifetime(canary) {} }
                        let timeout = Duration?.some(.nanoseconds(number % 7 * 1_000))
                        switch number % 5 {
                        case 0: _ = try await stream.receive()
                        case 1: _ = try await stream.receive(timeout: timeout)
                        case 2: _ = try await stream.receive(exactly: 10, timeout: timeout)
                        case 3: try await stream.waitForRoom()
                        default: try await stream.waitForRoom(timeout: timeout)
                        }
                    }
                    if number % 2 == 0 { await Task.yield() }
                    task.cancel()
                    _ = try? await task.value
                }

                for number in 0..<5_000 { try await round(number) }
                let before = residentByteCount()
                for number in 0..<20_000 { try await round(number) }
                let growth = residentByteCount() - before
                precondition(growth < 3_000_000, "\(growth) bytes")
                try await until(loop) { dead.value == alive.value }
                precondition(loop.core.timersKeepingAlive == 0)
                stream.abort()
                peer.close()
            }
        }
    }

    @Test func streamsThatLargePiecesCameThrough() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                func round(_ loop: isolated EventLoop) async throws {
                    let (stream, peer) = try await loop.streamAndPeer()
                    let sending = Task {
                        try await offThread {
                            try peer.send(pattern(5_000_000))
                            peer.endWriting()
                        }
                    }
                    _ = try await stream.receive(exactly: 4_000_000)
                    _ = try await stream.receive(exactly: 999_999)
                    try await sending.value
                    // What is left, nobody takes.
                    peer.close()
                }
                for _ in 0..<10 { try await round(loop) }
                let before = residentByteCount()
                for _ in 0..<40 { try await round(loop) }
                let growth = residentByteCount() - before
                precondition(growth < 20_000_000, "\(growth) bytes")
            }
        }
    }

    @Test func loopsThatCloseWithStreams() async {
        await #expect(processExitsWith: .success) {
            func once() throws {
                try EventLoop.run { loop in
                    loop.exceptionHandler = { _ in }
                    let listener = try await loop.listen(on: .address(.anyPortIPv4))
                    let (begun, waiting) = (Counter(), Counter())
                    loop.spawn { _ in
                        try await listener.serve { stream in
                            begun.increment()
                            _ = try await stream.receive()
                        }
                    }
                    for _ in 0..<20 {
                        let stream = try await loop.connect(to: .address(listener.addresses[0]))
                        Task(executorPreference: loop.loopTaskExecutor) {
                            waiting.increment()
                            _ = try await stream.receive(timeout: .seconds(500))
                        }
                    }
                    try await until(loop) { begun.value == 20 && waiting.value == 20 }
                }
            }
            for _ in 0..<5 { try once() }
            let before = (openDescriptorCount(), residentByteCount())
            for _ in 0..<50 { try once() }
            precondition(openDescriptorCount() <= before.0)
            let growth = residentByteCount() - before.1
            precondition(growth < 4_000_000, "\(growth) bytes")
        }
    }
}

/// Says when it goes; may be captured by tasks.
private final class SendableCanary: Sendable {
    private let onDeath: @Sendable () -> Void
    init(_ onDeath: @escaping @Sendable () -> Void) { self.onDeath = onDeath }
    deinit { onDeath() }
}
