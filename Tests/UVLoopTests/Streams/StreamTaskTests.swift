import Testing

@testable import UVLoop

/// What belongs to a task survives its waits; what tasks do otherwise goes together with streams.
@Suite(.timeLimit(.minutes(1)))
struct StreamTaskTests {
    @TaskLocal static var local = 0

    @Test(arguments: Caller.allCases)
    func prioritiesAndTaskLocals(_ caller: Caller) async throws {
        try await withStream { loop, stream, peer in
            for priority in [TaskPriority.background, .low, .medium, .high] {
                let isKept = AsyncGate()
                let task = Self.$local.withValue(Int(priority.rawValue)) {
                    Task(executorPreference: loop.loopTaskExecutor, priority: priority) {
                        defer { isKept.open() }
                        return try await Self.$local.withValue(Self.local + 1) {
                            let before = Task.currentPriority
                            _ = try await stream.receive()
                            await Task.yield()
                            _ = try await stream.receive(timeout: .seconds(50))
                            return (before, Task.basePriority, Self.local)
                        }
                    }
                }
                try await stream.receiverWaits(loop)
                let count = stream.transport.receivedByteCount
                try peer.send("x")
                try await until(loop) { stream.transport.receivedByteCount > count }
                // Its next wait.
                try await stream.receiverWaits(loop)
                try peer.send("y")
                // To wait for the task itself would raise its priority.
                await isKept.wait()
                let (before, base, local) = try await task.value
                #expect(base == priority)
                #expect(before >= priority)
                #expect(local == Int(priority.rawValue) + 1)
                let inherited = try await caller.run(loop) {
                    await Self.$local.withValue(7) {
                        await expect(.timedOut) {
                            try await stream.receive(timeout: .milliseconds(1))
                        }
                        return Self.local
                    }
                }
                #expect(inherited == 7)
            }
        }
    }

    @Test func manyTasksOfAllPrioritiesOnManyStreams() async throws {
        try await onLoop { loop in
            var pairs: [(SocketStream, RawSocket)] = []
            for _ in 0..<40 { pairs.append(try await loop.streamAndPeer()) }
            let priorities: [TaskPriority] = [.background, .low, .medium, .high]
            let tasks = pairs.enumerated().map { index, pair in
                let stream = pair.0
                return Task.detached(priority: priorities[index % 4]) {
                    var count = 0
                    for try await chunk in stream {
                        count += chunk.count
                        try await stream.send(chunk)
                        if count % 3 == 0 { await Task.yield() }
                    }
                    return count
                }
            }
            // Somebody of a high priority waits for those of a low one.
            let all = Task.detached(priority: .high) {
                var sum = 0
                for task in tasks { sum += try await task.value }
                return sum
            }
            for round in 0..<20 {
                for (_, peer) in pairs { try peer.send("\(round % 10)") }
                await Task.yield()
            }
            for (_, peer) in pairs { peer.endWriting() }
            #expect(try await all.value == 800)
            for (stream, peer) in pairs {
                stream.abort()
                peer.close()
            }
        }
    }

    /// Suspensions of every other kind between those of the stream, in tasks that are watched.
    @Test func otherSuspensionsInHandlers() async throws {
        actor Sum {
            var value = 0
            func add(_ number: Int) -> Int {
                value += number
                return value
            }
        }
        try await onLoop { loop in
            let reports = Reports(loop)
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let serving = Task {
                try await listener.serve { stream in
                    let sum = Sum()
                    while let line = try await stream.receiveLine() {
                        #expect(loop.isOnThread)
                        await Task.yield()
                        #expect(loop.isOnThread)
                        let number = await withCheckedContinuation { continuation in
                            startThread { continuation.resume(returning: Int(line)!) }
                        }
                        #expect(loop.isOnThread)
                        try await Task.sleep(for: .microseconds(10))
                        #expect(loop.isOnThread)
                        let value = await sum.add(number)
                        let same = await MainActor.run { value }
                        async let text = Self.describe(same)
                        try await stream.send(await text)
                        #expect(loop.isOnThread)
                        let peeked = try await withThrowingTaskGroup { group in
                            group.addTask {
                                try await stream.peek(atLeast: 2, timeout: .seconds(50))
                            }
                            return try await group.next()!
                        }
                        #expect(peeked.count != 1)
                    }
                }
            }
            for _ in 0..<3 {
                try await loop.withConnection(to: .address(listener.addresses[0])) { stream in
                    var sum = 0
                    for number in 1...30 {
                        try await stream.send("\(number)\n")
                        sum += number
                        if number > 1 {
                            let line = try await stream.receiveLine()
                            #expect(line == "sum \(sum - number)")
                        }
                    }
                    try await stream.sendEOF()
                    let last = try await stream.receiveLine()
                    #expect(last == "sum \(sum)")
                }
            }
            await listener.close()
            try await serving.value
            #expect(reports.contexts.isEmpty)
        }
    }

    private static func describe(_ number: Int) async -> String { "sum \(number)\n" }

    @Test func bothDirectionsOfOneStreamAtOnce() async throws {
        try await onLoop { loop in
            let (one, other) = try await loop.tcpStreamPair()
            let total = 5_000_000
            func pump(_ from: SocketStream, _ to: SocketStream) async throws {
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        for start in stride(from: 0, to: total, by: 100_000) {
                            try await from.send(pattern(start..<start + 100_000))
                        }
                        try await from.sendEOF()
                    }
                    group.addTask {
                        var received = 0
                        for try await chunk in to {
                            #expect(chunk == pattern(received..<received + chunk.count))
                            received += chunk.count
                        }
                        #expect(received == total)
                    }
                    try await group.waitForAll()
                }
            }
            async let there: Void = pump(one, other)
            async let back: Void = pump(other, one)
            _ = try await (there, back)
            try await one.close()
            try await other.close()
        }
    }

    /// A task without a preference that begins on the loop's thread and goes through an actor of
    /// another executor: on the thread, but a wait would not bring it back there.
    @Test(arguments: Cancellable.receiving)
    func throughAnActorOnTheLoopsThread(_ operation: Cancellable) async throws {
        try await withStream { loop, stream, peer in
            let task = Task.immediateDetached {
                try await Elsewhere().run { try await operation.operation(stream) }
            }
            try await stream.receiverWaits(loop)
            try peer.send(String(repeating: "x", count: 29) + "\n")
            try await task.value
        }
    }

    /// As a scope and with a send that waits; also of a handler that goes to the main actor, by a
    /// function that can be elsewhere (swiftlang/swift 86083).
    @Test func aScopeThroughAnActorOnTheLoopsThread() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let target = Endpoint.address(listener.addresses[0])
            async let served: Void = listener.serve { stream in
                try await Self.onMain {
                    for try await chunk in stream { try await stream.send(chunk) }
                }
            }
            let task = Task.immediateDetached {
                try await Elsewhere().run {
                    try await loop.withConnection(to: target) { stream in
                        let bytes = pattern(3_000_000)
                        async let sent: Void = stream.send(bytes)
                        let answer = try await stream.receive(exactly: bytes.count)
                        try await sent
                        try await stream.sendEOF()
                        #expect(answer == bytes)
                    }
                }
            }
            try await task.value
            await listener.close()
            try await served
        }
    }

    /// The same without an actor: what such a task waits for by a continuation takes it away.
    @Test func operationsThatTakeATaskAway() async throws {
        try await onLoop { loop in
            let listener = try await Task.immediateDetached {
                try await loop.listen(on: .host("localhost", port: 0))
            }.value
            let target = Endpoint.address(listener.addresses[0])
            let stream = try await Task.immediateDetached {
                try await loop.connect(to: target)
            }.value
            let accepted = try await listener.accept()
            accepted?.abort()
            stream.abort()
            try await Task.immediateDetached {
                try await listener.shutdown(grace: .seconds(50))
            }.value
        }
    }

    /// A handler, whose waits are covered, prefers another executor for a while: a wait that began
    /// on the loop ends elsewhere.
    @Test func aHandlerThatGoesAwayInAWait() async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let peer = try RawSocket.connect(to: listener.addresses[0])
            defer { peer.close() }
            try await listener.serve { stream in
                let feeder = stream.loop.spawn { loop in
                    for count in 1...2 {
                        try await stream.receiverWaits(loop)
                        try peer.send("x")
                        try await until(loop) { stream.transport.receivedByteCount == count }
                    }
                }
                let executor = StrayExecutor(stream.loop)
                let received = try await withTaskExecutorPreference(executor) {
                    #expect(stream.loop.isOnThread)
                    let received = try await stream.receive()
                    #expect(!stream.loop.isOnThread)
                    return received
                }
                #expect(received == Array("x".utf8))
                #expect(try await stream.receive() == Array("x".utf8))
                #expect(stream.loop.isOnThread)
                try await feeder.value
                stream.abort()
                await listener.close()
            }
        }
    }

    private actor Elsewhere {
        func run(_ work: Caller.Work<Void>) async throws { try await work() }
    }

    @MainActor
    private static func onMain(_ work: Caller.Work<Void>) async throws { try await work() }
}
