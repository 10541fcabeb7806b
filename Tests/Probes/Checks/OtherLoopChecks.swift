import UVLoop

/// Tasks of the default loop that use what lives on another one.
extension Checks {
    /// They wait there, and are back afterwards, however the operation ends: what a release build
    /// makes of a function's end is not what a debug build does.
    @MainActor
    func otherLoop() async throws {
        let other = try EventLoopThread(name: "other")
        let loop = other.loop
        for _ in 0..<20 {
            try await Self.use(loop)
            try await Task.detached { try await Self.use(loop) }.value
            let tasks = (0..<4).map { _ in Task.detached { try await Self.use(loop) } }
            for task in tasks { try await task.value }
        }
        await other.shutdown()
    }

    private nonisolated(nonsending) static func use(_ loop: EventLoop) async throws {
        func requireBack(_ operation: String) throws {
            if loop.isOnThread { throw CheckError(description: "on the other loop: \(operation)") }
        }
        let soon = Duration.microseconds(100)
        let (one, two) = try await loop.streamPair()
        try requireBack("streamPair")
        try await one.send("0123456789")
        try requireBack("send")
        _ = try await two.receive(upTo: 1)
        try requireBack("receive")
        _ = try await two.receive(exactly: 2)
        try requireBack("receive exactly")
        _ = try await two.receive(until: [UInt8(ascii: "4")])
        try requireBack("receive until")
        _ = try await two.withReceived(exactly: 2) { $0.byteCount }
        try requireBack("withReceived exactly")
        _ = try await two.withReceived { $0.byteCount }
        try requireBack("withReceived")
        try await one.sendAll(["a", "b"])
        try requireBack("sendAll")
        _ = try await two.peek()
        try requireBack("peek")
        // Those that end with an error.
        _ = try? await one.receive(timeout: soon)
        try requireBack("receive that is cut off")
        _ = try? await one.receive(exactly: 1, timeout: soon)
        try requireBack("receive exactly that is cut off")
        _ = try? await one.receive(until: [0], timeout: soon)
        try requireBack("receive until that is cut off")
        _ = try? await one.withReceived(timeout: soon) { $0.byteCount }
        try requireBack("withReceived that is cut off")
        _ = try? await one.peek(timeout: soon)
        try requireBack("peek that is cut off")
        _ = try? await loop.files.stat("/none/such")
        try requireBack("stat")
        _ = try? await loop.connect(to: .unix("/none/such"))
        try requireBack("connect")
        _ = try await loop.lookUp("127.0.0.1")
        try requireBack("lookUp")
        try await loop.sleep(for: soon)
        try requireBack("sleep")
        try await one.sendEOF()
        try requireBack("sendEOF")
        _ = try await two.receive()
        _ = try await two.receive()
        try requireBack("receive at the end")
        try await two.close()
        try requireBack("close")
        one.abort()
        _ = try? await one.send("x")
        try requireBack("send after the end")
    }
}
