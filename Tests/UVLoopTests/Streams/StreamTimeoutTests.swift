import Testing

@testable import UVLoop

/// Every operation's timeout: it loses nothing, and no timer stays armed.
///
/// One after the other: each has a loop with a thread of its own, and there are many.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct StreamTimeoutTests {
    /// An operation with a timeout.
    struct Timed: CustomTestStringConvertible, Sendable {
        let name: String
        let operation:
            nonisolated(nonsending) @Sendable (SocketStream, Duration) async throws -> Void
        var testDescription: String { name }

        static let receiving: [Timed] = [
            .init(name: "receive") { _ = try await $0.receive(timeout: $1) },
            .init(name: "exactly") { _ = try await $0.receive(exactly: 5, timeout: $1) },
            .init(name: "until") { _ = try await $0.receive(until: "\n", timeout: $1) },
            .init(name: "line") { _ = try await $0.receiveLine(timeout: $1) },
            .init(name: "withReceived") {
                _ = try await $0.withReceived(timeout: $1) { $0.byteCount }
            },
            .init(name: "withReceivedExactly") {
                _ = try await $0.withReceived(exactly: 5, timeout: $1) { $0.byteCount }
            },
            .init(name: "peek") { _ = try await $0.peek(atLeast: 5, timeout: $1) },
            .init(name: "into") { stream, timeout in
                _ = try await [UInt8].received(5) {
                    try await stream.receive(into: $0, timeout: timeout) > 0
                }
            },
            .init(name: "filling") { stream, timeout in
                _ = try await [UInt8].received(5) {
                    try await stream.receive(filling: $0, timeout: timeout)
                }
            },
        ]

        static let sending: [Timed] = [
            .init(name: "waitForRoom") { try await $0.waitForRoom(timeout: $1) },
            .init(name: "send") { try await $0.send([1], timeout: $1) },
            .init(name: "sendString") { try await $0.send("x", timeout: $1) },
            .init(name: "sendAll") { try await $0.sendAll(["x"], timeout: $1) },
        ]
    }

    static let timeouts: [Duration] = [.zero, .seconds(-1), .nanoseconds(1), .milliseconds(3)]

    @Test(arguments: Timed.receiving, Caller.allCases)
    func aReceiveRunsOutOfTime(_ example: Timed, _ caller: Caller) async throws {
        try await withStream { loop, stream, peer in
            for timeout in Self.timeouts {
                try await caller.run(loop) {
                    let before = EventLoop.Instant.now
                    await expect(.timedOut) { try await example.operation(stream, timeout) }
                    #expect(before.duration(to: .now) >= timeout)
                }
                #expect(loop.core.timersKeepingAlive == 0)
            }
            try peer.send("ab")
            // Those that are content with what there is, are, in no time.
            try await stream.hasReadAhead(2, loop)
            let error = await failure { try await example.operation(stream, .zero) }
            if ["receive", "withReceived", "into"].contains(example.name) {
                #expect(error == nil)
            } else {
                #expect(error as? StreamError == .timedOut)
                #expect(try await stream.receive(exactly: 2) == Array("ab".utf8))
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test(arguments: Timed.sending, Caller.allCases)
    func aSendRunsOutOfTime(_ example: Timed, _ caller: Caller) async throws {
        for timeout in Self.timeouts {
            try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
                try await stream.clog()
                try await caller.run(loop) {
                    await expect(.timedOut) { try await example.operation(stream, timeout) }
                }
                #expect(loop.core.timersKeepingAlive == 0)
            }
        }
    }

    @Test(arguments: Timed.receiving)
    func aReceiveInTimeLeavesNoTimer(_ example: Timed) async throws {
        try await withStream { loop, stream, peer in
            let forEver = [Duration.seconds(500), .seconds(Int64.max)]
            for timeout in forEver {
                let waiting = loop.spawn { _ in try await example.operation(stream, timeout) }
                try await stream.receiverWaits(loop)
                #expect(loop.core.timersKeepingAlive > 0)
                try peer.send("four\n")
                try await waiting.value
                #expect(loop.core.timersKeepingAlive == 0)
                if example.name == "peek" { _ = try await stream.receive() }
            }
            let waiting = loop.spawn { _ in try await example.operation(stream, .seconds(500)) }
            try await stream.receiverWaits(loop)
            waiting.cancel()
            await expectCancelled { try await waiting.value }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test func aConnectRunsOutOfTime() async throws {
        try await onLoop { loop in
            // A listener whose backlog is full answers nobody.
            let listener = try RawSocket.listener(backlog: 0)
            var error: (any Error)?
            var streams: [SocketStream] = []
            while error == nil, streams.count < 100 {
                do {
                    streams.append(
                        try await loop.connect(
                            to: .address(listener.localAddress), timeout: .milliseconds(50)))
                } catch let failure {
                    error = failure
                }
            }
            #expect((error as? EndpointError)?.code == .timedOut, "\(error as Any)")
            #expect(loop.core.timersKeepingAlive == 0)
            listener.close()
        }
    }

    /// The time is over, and bytes come: whichever is first, none is lost or doubled.
    @Test(arguments: [1, 2, 3, 4])
    func timeoutsAgainstData(_ seed: UInt64) async throws {
        try await withStream { loop, stream, peer in
            var random = SeededGenerator(seed: seed)
            let total = 400_000
            let wasLate = Gate()
            let sending = Task {
                try await offThread {
                    var random = SeededGenerator(seed: seed &+ 100)
                    var sent = 0
                    while sent < total {
                        let count = min(Int.random(in: 1...400, using: &random), total - sent)
                        try peer.send(pattern(sent..<sent + count))
                        sent += count
                        // Or all could be there before anybody has to wait for it.
                        if random.chance(1, in: 20), sent < total { wasLate.wait() }
                    }
                }
            }
            var received = 0
            var late = 0
            while received < total {
                let count = min(Int.random(in: 1...700, using: &random), total - received)
                let timeout = Duration.nanoseconds(Int64(random.magnitude(bits: 17)))
                do {
                    let bytes: [UInt8]
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes = try await stream.receive(upTo: count, timeout: timeout)!
                    case 1: bytes = try await stream.receive(exactly: count, timeout: timeout)!
                    case 2:
                        bytes = Array(
                            try await stream.peek(atLeast: count, timeout: timeout)[..<count])
                        try await stream.withReceived(exactly: count) { _ in }
                    default:
                        bytes = try await [UInt8].received(count) {
                            try await stream.receive(filling: $0, timeout: timeout)
                        }
                    }
                    #expect(bytes == pattern(received..<received + bytes.count))
                    received += bytes.count
                } catch StreamError.timedOut {
                    late += 1
                    wasLate.open()
                }
            }
            #expect(received == total)
            #expect(late > 0)
            #expect(loop.core.timersKeepingAlive == 0)
            try await sending.value
        }
    }

    /// Bytes for a fill that was cut off and whose task has not run yet come after those that came
    /// before, also if the loop turns meanwhile.
    @Test(arguments: [false, true])
    func aLoadedLoopKeepsTheOrder(_ byTimeout: Bool) async throws {
        try await withStream { loop, stream, peer in
            // So many entries that a turn does not get through its queue.
            let load = Load(loop)
            defer { load.isOver = true }
            for _ in 0..<2_000 { load.add() }
            for _ in 0..<20 {
                let isOver = Counter()
                let waiting = loop.spawn { _ in
                    defer { isOver.increment() }
                    return try await [UInt8].received(10) {
                        try await stream.receive(
                            filling: $0, timeout: byTimeout ? .milliseconds(2) : nil)
                    }
                }
                // Its time may be over before anybody has seen that it waits.
                try await yield(loop) {
                    isOver.value > 0 || stream.core.receiver.isOccupied
                }
                try peer.send("12345")
                if !byTimeout {
                    try await until(loop) { stream.core.targetFilled == 5 }
                    waiting.cancel()
                }
                try await yield(loop) { !stream.core.receiver.isOccupied }
                try peer.send("6789a")
                let bytes = try? await waiting.value
                if let bytes {
                    #expect(bytes == Array("123456789a".utf8))
                } else {
                    #expect(try await stream.receive(exactly: 10) == Array("123456789a".utf8))
                }
            }
        }
    }

    private final class Load {
        let loop: EventLoop
        var isOver = false
        init(_ loop: EventLoop) { self.loop = loop }
        func add() { loop.callSoon { [self] in if !isOver { add() } } }
    }
}
