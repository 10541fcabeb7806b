import Testing

@testable import UVLoop

/// Bytes in place: `withReceived` and `peek`.
@Suite(.timeLimit(.minutes(1)))
struct LookingTests {
    /// Whether the bytes are there before the receiver asks, or it has to wait for them.
    static let moments = [false, true]

    private static func with<R: Sendable>(
        _ caller: Caller, waits: Bool, _ text: String,
        _ work: @escaping Caller.StreamWork<R>,
        then check: @escaping @Sendable (isolated EventLoop, SocketStream, R) async throws -> Void
    ) async throws {
        try await withStream { loop, stream, peer in
            let sending = loop.spawn { loop in
                if waits { try await stream.receiverWaits(loop) }
                try peer.send(text)
            }
            if !waits {
                try await sending.value
                try await stream.hasReadAhead(text.utf8.count, loop)
            }
            let result = try await caller.run(loop) { try await work(stream) }
            try await sending.value
            try await check(loop, stream, result)
        }
    }

    @Test(arguments: Caller.allCases, moments)
    func aBodyThatThrowsLeavesTheBytes(_ caller: Caller, _ waits: Bool) async throws {
        try await Self.with(caller, waits: waits, "bytes") { stream in
            let first = await failure {
                try await stream.withReceived { bytes in
                    throw Mishap(String(decoding: Array(bytes), as: UTF8.self))
                }
            }
            #expect(first as? Mishap == Mishap("bytes"))
            let second = await failure {
                try await stream.withReceived(exactly: 3) { bytes in
                    throw Mishap(String(decoding: Array(bytes), as: UTF8.self))
                }
            }
            #expect(second as? Mishap == Mishap("byt"))
            let third = await failure {
                try await stream.withReceived(upTo: 2) { bytes in
                    throw Mishap(String(decoding: Array(bytes), as: UTF8.self))
                }
            }
            #expect(third as? Mishap == Mishap("by"))
        } then: { _, stream, _ async throws in
            #expect(try await stream.receive() == Array("bytes".utf8))
        }
    }

    @Test(arguments: Caller.allCases, moments)
    func aBodyMayAbortTheStream(_ caller: Caller, _ waits: Bool) async throws {
        try await Self.with(caller, waits: waits, "bytes") { stream in
            try await stream.withReceived { bytes in
                stream.abort()
                return Array(bytes)
            }
        } then: { loop, stream, bytes in
            #expect(bytes == Array("bytes".utf8))
            await expect(.closed) { try await stream.receive() }
            try await until(loop) { stream.core.isGone }
            await expect(.closed) { try await stream.receive() }
        }
    }

    @Test(arguments: Caller.allCases, moments)
    func aBodyMayAbortTheStreamAndThrow(_ caller: Caller, _ waits: Bool) async throws {
        try await Self.with(caller, waits: waits, "bytes") { stream in
            await failure {
                try await stream.withReceived(exactly: 5) { _ in
                    stream.abort()
                    throw Mishap("after the abort")
                }
            } as? Mishap
        } then: { loop, stream, error in
            #expect(error == Mishap("after the abort"))
            await expect(.closed) { try await stream.receive() }
            try await until(loop) { stream.core.isGone }
        }
    }

    @Test(arguments: Caller.allCases, moments)
    func whatIsNotLentStays(_ caller: Caller, _ waits: Bool) async throws {
        try await Self.with(caller, waits: waits, "0123456789") { stream in
            var parts: [String] = []
            for size in [3, 2] {
                parts.append(
                    try await stream.withReceived(upTo: size) {
                        String(decoding: Array($0), as: UTF8.self)
                    } ?? "-")
            }
            parts.append(
                try await stream.withReceived(exactly: 4) {
                    String(decoding: Array($0), as: UTF8.self)
                } ?? "-")
            return parts
        } then: { _, stream, parts async throws in
            #expect(parts == ["012", "34", "5678"])
            #expect(try await stream.receive() == Array("9".utf8))
        }
    }

    @Test func onTheLoopTheBytesAreLentInPlace() async throws {
        try await withStream { loop, stream, peer in
            let waiting = loop.spawn { loop in
                try await stream.withReceived { $0.withUnsafeBytes { $0.baseAddress! } }
                    == UnsafeRawPointer(loop.core.readBuffers.small.baseAddress!)
            }
            try await stream.receiverWaits(loop)
            try peer.send("straight from the loop's memory")
            #expect(try await waiting.value)
        }
    }

    /// Off the loop's thread the closure works on a copy; nobody may take the bytes meanwhile.
    @Test func aVisitorsBytesAreTakenByNobodyElse() async throws {
        try await withStream { loop, stream, peer in
            try peer.send("bytes")
            try await stream.hasReadAhead(5, loop)
            let (entered, leave) = (AsyncGate(), Gate())
            let visitor = Task.detached {
                // The closure blocks its thread, so it gets one of its own.
                try await withTaskExecutorPreference(OneThread()) {
                    try await stream.withReceived { bytes in
                        entered.open()
                        leave.wait()
                        return Array(bytes)
                    }
                }
            }
            await entered.wait()
            await expect(.busy) { try await stream.receive() }
            await expect(.busy) { try await stream.peek() }
            try peer.send("more")
            try await until(loop) { stream.transport.receivedByteCount == 9 }
            leave.open()
            #expect(try await visitor.value == Array("bytes".utf8))
            #expect(try await stream.receive() == Array("more".utf8))
        }
    }

    /// A task that the closure starts may run at once, on the same thread.
    @Test(arguments: [true, false])
    func whatIsLentIsNobodyElses(isReadAhead: Bool) async throws {
        try await withStream { loop, stream, peer in
            let receiving = loop.spawn { _ in
                if isReadAhead { try await stream.hasReadAhead(5, loop) }
                return try await stream.withReceived { bytes in
                    #expect(throws: StreamError.busy) { try stream.core.canReceive(1) }
                    return bytes.byteCount
                }
            }
            if !isReadAhead { try await stream.receiverWaits(loop) }
            try peer.send("bytes")
            #expect(try await receiving.value == 5)
            await #expect(throws: Leaving.self) {
                try peer.send("more")
                _ = try await stream.withReceived { _ in throw Leaving() }
            }
            #expect(try await stream.receive() == Array("more".utf8))
        }
    }

    @Test func peekingTakesNothing() async throws {
        try await withStream { loop, stream, peer in
            try peer.send("0123456789")
            #expect(try await stream.peek(atLeast: 10) == Array("0123456789".utf8))
            #expect(try await stream.peek() == Array("0123456789".utf8))
            #expect(try await stream.receive(upTo: 4) == Array("0123".utf8))
            let waiting = loop.spawn { _ in try await stream.peek(atLeast: 8) }
            try await stream.receiverWaits(loop)
            try peer.send("ab")
            #expect(try await waiting.value == Array("456789ab".utf8))
            peer.endWriting()
            #expect(try await stream.peek(atLeast: 100) == Array("456789ab".utf8))
            #expect(try await stream.receive() == Array("456789ab".utf8))
            #expect(try await stream.peek() == [])
        }
    }
}

private struct Leaving: Error {}

/// Runs every job on a thread of its own.
private final class OneThread: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        startThread { job.runSynchronously(on: executor) }
    }
}
