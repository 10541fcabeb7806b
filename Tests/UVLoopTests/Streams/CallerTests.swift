import Testing

@testable import UVLoop

/// An operation that takes bytes from a stream, and what has to come of it.
struct ReceivingCase: CustomTestStringConvertible, Sendable {
    let name: String
    /// What the peer sends, each piece when a task waits.
    let pieces: [String]
    /// What the operation has to give, each time that it is called; nil for the end.
    let results: [String?]
    let operation: Caller.StreamWork<String?>

    var testDescription: String { name }

    static let all: [ReceivingCase] = [
        .init(name: "receive", pieces: ["one", "two"], results: ["one", "two", nil]) {
            try await $0.receive().map(text)
        },
        .init(name: "upTo", pieces: ["abcde"], results: ["ab", "cd", "e", nil]) {
            try await $0.receive(upTo: 2).map(text)
        },
        .init(name: "timeout", pieces: ["one", "two"], results: ["one", "two", nil]) {
            try await $0.receive(timeout: .seconds(50)).map(text)
        },
        .init(name: "into", pieces: ["abcde"], results: ["abc", "de", nil]) {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 3, alignment: 1)
            defer { memory.deallocate() }
            let count = try await $0.receive(into: memory)
            return count == 0 ? nil : text(Array(memory[..<count]))
        },
        .init(name: "filling", pieces: ["a", "bc", "def"], results: ["abc", "def", nil]) {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 3, alignment: 1)
            defer { memory.deallocate() }
            return try await $0.receive(filling: memory) ? text(Array(memory)) : nil
        },
        .init(name: "exactly", pieces: ["a", "bc", "def"], results: ["abc", "def", nil]) {
            try await $0.receive(exactly: 3).map(text)
        },
        .init(name: "until", pieces: ["a;", ";b;", "x;;"], results: ["a;;", "b;x;;", nil]) {
            try await $0.receive(until: ";;").map(text)
        },
        .init(name: "line", pieces: ["a\r", "\nb\nc"], results: ["a", "b", "c", nil]) {
            try await $0.receiveLine()
        },
        .init(name: "iteration", pieces: ["one", "two"], results: ["one", "two", nil]) {
            for try await chunk in $0 { return text(chunk) }
            return nil
        },
        .init(name: "lines", pieces: ["a\r\nb\n", "c"], results: ["a", "b", "c", nil]) {
            for try await line in $0.lines { return line }
            return nil
        },
        .init(name: "withReceived", pieces: ["abcde"], results: ["ab", "cd", "e", nil]) {
            try await $0.withReceived(upTo: 2) { text(Array($0)) }
        },
        .init(name: "withReceivedExactly", pieces: ["ab", "cdef"], results: ["abc", "def", nil]) {
            try await $0.withReceived(exactly: 3) { text(Array($0)) }
        },
        .init(name: "peek", pieces: ["ab", "c"], results: ["abc", nil]) {
            let bytes = try await $0.peek(atLeast: 3)
            return try await $0.receive() == bytes && bytes.isEmpty
                ? nil : bytes.isEmpty ? nil : text(bytes)
        },
    ]

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// The operations of a stream, from every kind of task; each has to wait.
///
/// One after the other: each has a loop with a thread of its own, and there are many.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct CallerTests {
    @Test(arguments: ReceivingCase.all, Caller.allCases)
    func receiving(_ example: ReceivingCase, _ caller: Caller) async throws {
        try await withStream { loop, stream, peer in
            let feeder = loop.spawn { loop in
                var sent = 0
                for piece in example.pieces {
                    try await stream.receiverWaits(loop)
                    try peer.send(piece)
                    sent += piece.utf8.count
                    // The next piece is for the next wait.
                    try await until(loop) { stream.transport.receivedByteCount == sent }
                }
                if example.results.last != .some(nil) { return }
                peer.endWriting()
            }
            for result in example.results {
                let received = try await caller.run(loop) {
                    let wasOnThread = loop.isOnThread
                    let received = try await example.operation(stream)
                    // The wait has brought the task back to where it was.
                    #expect(loop.isOnThread == wasOnThread)
                    return received
                }
                #expect(received == result)
            }
            // At the end it stays the end.
            let received = try await caller.run(loop) { try await example.operation(stream) }
            #expect(received == nil)
            try await feeder.value
        }
    }

    @Test(arguments: Caller.allCases)
    func sending(_ caller: Caller) async throws {
        try await withStream(receiveBuffer: 4_096) { loop, stream, peer in
            try await stream.withTransport { try $0.setSendBufferSize(4_096) }
            let total = 400_000
            async let received = offThread { try peer.receiveToEnd() }
            try await caller.run(loop) {
                for start in stride(from: 0, to: total, by: 200_000) {
                    try await stream.send(pattern(start..<start + 100_000))
                    try await stream.sendAll([
                        pattern(start + 100_000..<start + 150_000)[...],
                        pattern(start + 150_000..<start + 200_000),
                    ])
                    try await stream.waitForRoom(timeout: .seconds(50))
                }
                try await stream.send("the end", timeout: .seconds(50))
                try await stream.sendEOF()
            }
            let bytes = try await received
            #expect(bytes == pattern(total) + Array("the end".utf8))
        }
    }

    @Test(arguments: Caller.allCases)
    func connectingListeningServingAndClosing(_ caller: Caller) async throws {
        try await onLoop { loop in
            try await caller.run(loop) {
                let listener = try await loop.listen(on: .address(.anyPortIPv4))
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        try await listener.serve { stream in
                            for try await chunk in stream { try await stream.send(chunk) }
                        }
                    }
                    for number in 0..<20 {
                        let target = Endpoint.address(listener.addresses[0])
                        try await loop.withConnection(to: target) { stream in
                            try await stream.send("number \(number)\n")
                            try await stream.sendEOF()
                            let line = try await stream.receiveLine()
                            #expect(line == "number \(number)")
                            let end = try await stream.receive()
                            #expect(end == nil)
                        }
                    }
                    try await listener.shutdown(grace: .seconds(50))
                    try await group.waitForAll()
                }
                #expect(await listener.connectionCount == 0)
            }
        }
    }

    @Test(arguments: Caller.allCases)
    func acceptingAndClosing(_ caller: Caller) async throws {
        try await onLoop { loop in
            let listener = try await loop.listen(on: .address(.anyPortIPv4))
            let peers = loop.spawn { loop in
                var peers: [RawSocket] = []
                for _ in 0..<3 {
                    await turns(loop, for: .milliseconds(2))
                    peers.append(try RawSocket.connect(to: listener.addresses[0]))
                }
                return peers
            }
            try await caller.run(loop) {
                for _ in 0..<3 {
                    let stream = try await listener.accept()
                    try await stream?.send("hello")
                    try await stream?.close(timeout: .zero)
                }
                await listener.close()
                let none = try await listener.accept()
                #expect(none == nil)
            }
            for peer in try await peers.value {
                let bytes = try await offThread { try peer.receiveToEnd() }
                #expect(bytes == Array("hello".utf8))
                peer.close()
            }
        }
    }
}
