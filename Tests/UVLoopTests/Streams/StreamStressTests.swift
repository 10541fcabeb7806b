import Testing

@testable import UVLoop

/// Many tasks, random operations, random ends; what arrives is what was sent.
///
/// One after the other: each has a loop with a thread of its own, and there are many.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct StreamStressTests {
    /// A sender and a receiver at each end of a stream, which use every operation there is, with
    /// timeouts and in tasks that are cancelled; the receivers find every byte in its place.
    @Test(arguments: 1...6)
    func randomOperations(_ seed: UInt64) async throws {
        try await onLoop { loop in
            try await withThrowingTaskGroup { group in
                for number in 0..<6 {
                    let (one, other) = try await loop.tcpStreamPair()
                    let seed = seed &* 1_000 &+ UInt64(number)
                    let total = 300_000
                    for (sender, receiver, offset) in [(one, other, 0), (other, one, 50_000)] {
                        let preference = number % 2 == 0 ? loop.loopTaskExecutor : nil
                        group.addTask(executorPreference: preference) {
                            try await send(total, from: offset, on: sender, seed)
                        }
                        group.addTask(executorPreference: preference) {
                            try await receive(total, from: offset, on: receiver, seed)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }

    @Test func fiftyConnections() async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            let size = 1_000_000
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let target = Endpoint.address(listener.addresses[0])
            let serving = Task {
                try await listener.serve { stream in
                    for try await chunk in stream { try await stream.send(chunk) }
                }
            }
            try await withThrowingTaskGroup { group in
                for number in 0..<50 {
                    group.addTask(
                        executorPreference: number % 5 == 0 ? nil : loop.loopTaskExecutor
                    ) {
                        try await loop.withConnection(to: target) { stream in
                            async let sent = checksum(sending: size, offset: number, on: stream)
                            var (sum, count) = (UInt64(0), 0)
                            while try await stream.withReceived({ bytes in
                                bytes.withUnsafeBytes { add($0, to: &sum, &count) }
                            }) != nil {}
                            #expect(count == size)
                            #expect(try await sent == sum)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await listener.shutdown(grace: .seconds(50))
            try await serving.value
            #expect(reports.contexts.isEmpty)
        }
    }

    /// Connections that come, talk and end in every way at once.
    @Test(arguments: 1...3)
    func randomEnds(_ seed: UInt64) async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let target = Endpoint.address(listener.addresses[0])
            let serving = Task {
                try await listener.serve { stream in
                    var random = SeededGenerator(seed: UInt64(stream.remoteAddress?.port ?? 0))
                    for try await chunk in stream {
                        try await stream.send(chunk, timeout: .milliseconds(20))
                        if random.chance(1, in: 30) { return }
                        if random.chance(1, in: 30) { stream.abort() }
                        if random.chance(1, in: 60) { throw Mishap("random") }
                    }
                }
            }
            await withTaskGroup { group in
                for number in 0..<300 {
                    group.addTask {
                        var random = SeededGenerator(seed: seed &* 1_000 &+ UInt64(number))
                        let lives = Int.random(in: 0..<20, using: &random)
                        let task = Task.detached(executorPreference: loop.loopTaskExecutor) {
                            var random = SeededGenerator(seed: seed &* 7_000 &+ UInt64(number))
                            try await loop.withConnection(to: target) { stream in
                                for _ in 0..<lives {
                                    let size = Int(random.magnitude(bits: 17))
                                    try await stream.send(
                                        pattern(size), timeout: .milliseconds(20))
                                    _ = try await stream.receive(timeout: .milliseconds(5))
                                    if random.chance(1, in: 40) { try await stream.sendEOF() }
                                    if random.chance(1, in: 40) { stream.abort() }
                                }
                            }
                        }
                        if random.chance(1, in: 3) {
                            for _ in 0..<lives { await Task.yield() }
                            task.cancel()
                        }
                        // Anything may be thrown; that it ends is the point.
                        _ = await task.result
                    }
                }
            }
            try await listener.shutdown(grace: .milliseconds(50))
            try await serving.value
            #expect(listener.server.connectionCount == 0)
            #expect(loop.core.timersKeepingAlive == 0)
        }
    }
}

private nonisolated(nonsending) func send(
    _ total: Int, from offset: Int, on stream: SocketStream, _ seed: UInt64
) async throws {
    var random = SeededGenerator(seed: seed)
    var sent = 0
    while sent < total {
        let count = min(Int(random.magnitude(bits: 16)), total - sent)
        let bytes = pattern(offset + sent..<offset + sent + count)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: try await stream.send(bytes[...])
        case 1:
            let cut = Int.random(in: 0...count, using: &random)
            try await stream.sendAll([Array(bytes[..<cut]), bytes[cut...]])
        case 2:
            do {
                try await stream.waitForRoom(timeout: .nanoseconds(Int64(count)))
            } catch StreamError.timedOut {}
            try await stream.send(bytes, timeout: .seconds(50))
        case 3:
            let waiting = Task.detached { try await stream.waitForRoom() }
            waiting.cancel()
            _ = await waiting.result
            fallthrough
        default: try await stream.send(bytes)
        }
        sent += count
    }
    try await stream.sendEOF()
}

private nonisolated(nonsending) func receive(
    _ total: Int, from offset: Int, on stream: SocketStream, _ seed: UInt64
) async throws {
    var random = SeededGenerator(seed: ~seed)
    var received = 0
    while true {
        let count = Int(random.magnitude(bits: 15)) + 1
        let way = Int.random(in: 0..<6, using: &random)
        let timeout =
            random.chance(1, in: 3) ? Duration.nanoseconds(Int64(random.magnitude(bits: 18))) : nil
        let work: @Sendable () async throws -> [UInt8]? = {
            switch way {
            case 0: try await stream.receive(upTo: count, timeout: timeout)
            case 1: try await stream.receive(exactly: count, timeout: timeout)
            case 2: try await stream.withReceived(upTo: count, timeout: timeout) { Array($0) }
            case 3: try await stream.withReceived(exactly: count, timeout: timeout) { Array($0) }
            case 4:
                try await [UInt8].received(count) {
                    try await stream.receive(filling: $0, timeout: timeout)
                }
            default:
                try await stream.receive(
                    until: pattern(offset..<offset + 1), limit: count, timeout: timeout)
            }
        }
        do {
            let bytes: [UInt8]?
            if random.chance(1, in: 4) {
                let task = Task.detached(
                    executorPreference: random.chance(1, in: 2)
                        ? stream.loop.loopTaskExecutor : nil,
                    operation: work)
                for _ in 0..<Int.random(in: 0..<3, using: &random) { await Task.yield() }
                task.cancel()
                bytes = try await task.value
            } else {
                bytes = try await work()
            }
            guard let bytes, !bytes.isEmpty else { break }
            try #require(bytes == pattern(offset + received..<offset + received + bytes.count))
            received += bytes.count
        } catch is CancellationError {
            // That of the operation only; at the test's time limit it is its own.
            try Task.checkCancellation()
        } catch StreamError.timedOut {
        } catch StreamError.tooLong {
            continue
        } catch StreamError.incomplete(let available) {
            try #require(available == total - received)
        }
    }
    try #require(received == total)
}

private func add(_ bytes: UnsafeRawBufferPointer, to sum: inout UInt64, _ count: inout Int) {
    var place = 0
    // Words that do not depend on how the bytes were cut.
    while place < bytes.count {
        if count % 8 == 0, bytes.count - place >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            sum = (sum &+ word) &* 0x9E37_79B9_7F4A_7C15
            place += 8
            count += 8
        } else {
            // Little-endian, as the words; multiplied when the word is whole.
            sum = sum &+ UInt64(bytes[place]) << UInt64(count % 8 * 8)
            count += 1
            place += 1
            if count % 8 == 0 { sum = sum &* 0x9E37_79B9_7F4A_7C15 }
        }
    }
}

private func checksum(
    sending size: Int, offset: Int, on stream: SocketStream
) async throws -> UInt64 {
    var (sum, count) = (UInt64(0), 0)
    while count < size {
        let bytes = pattern(offset * 1_000 + count..<offset * 1_000 + min(count + 50_000, size))
        bytes.withUnsafeBytes { add($0, to: &sum, &count) }
        try await stream.send(bytes)
    }
    try await stream.sendEOF()
    return sum
}
