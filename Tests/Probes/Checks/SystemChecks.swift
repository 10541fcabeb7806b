import Dispatch
import Foundation
import UVLoop

/// Calls a closure when nobody refers to it any more.
private final class Last {
    private let action: () -> Void
    init(_ action: @escaping () -> Void) { self.action = action }
    deinit { action() }
}

/// Sockets, and what apps use beside Swift's own tasks.
extension Checks {
    /// What is the user's is released between callbacks, and its `deinit` may leave the loop more
    /// to release.
    @MainActor
    func releases() async throws {
        let loop = EventLoop.main!
        let (reading, writing) = try EventLoop.pipe()
        defer { for descriptor in [reading, writing] { close(descriptor) } }
        var gone = 0
        func started(_ last: Last) throws -> Poll {
            let poll = try Poll(loop, reading)
            poll.start(.readable) { _ in withExtendedLifetime(last) {} }
            return poll
        }
        var poll = try started(Last { gone += 1 })
        for _ in 0..<5 {
            let inner = poll
            poll = try started(
                Last {
                    gone += 1
                    inner.stop()
                })
        }
        poll.stop()
        while gone < 6 { await Task.yield() }
    }

    @MainActor
    func sockets() async throws {
        let loop = EventLoop.main!
        let listener = try await loop.listen(on: .ip("127.0.0.1", port: 0))
        let server = Task {
            try await listener.serve { stream in
                while let bytes = try await stream.receive() { try await stream.send(bytes) }
            }
        }
        let port = listener.port
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    try await loop.withConnection(to: .ip("127.0.0.1", port: port)) { stream in
                        for round in 0..<10 {
                            let line = "client \(number) round \(round)\n"
                            try await stream.send(line)
                            let answer = try await stream.receive(until: "\n")
                            try require(answer == Array(line.utf8))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        await listener.close()
        try await server.value
    }

    @MainActor
    func dispatchMainQueue() async throws {
        for _ in 0..<50 {
            let isOnMain = await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    DispatchQueue.main.async { continuation.resume(returning: isOnMainThread()) }
                }
            }
            try require(isOnMain)
        }
        let order = await withCheckedContinuation { continuation in
            let numbers = Mutexed<[Int]>([])
            for number in 0..<100 {
                DispatchQueue.main.async { numbers.withLock { $0.append(number) } }
            }
            DispatchQueue.main.async { continuation.resume(returning: numbers.value) }
        }
        try require(order == Array(0..<100))
        let late = await withCheckedContinuation { continuation in
            DispatchQueue.main.asyncAfter(deadline: .now() + .milliseconds(10)) {
                continuation.resume(returning: isOnMainThread())
            }
        }
        try require(late)
    }

    @MainActor
    func operationQueue() async throws {
        let isOnMain = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                OperationQueue.main.addOperation {
                    continuation.resume(returning: isOnMainThread())
                }
            }
        }
        try require(isOnMain)
    }

    @MainActor
    func process() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exit 7"]
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        try require(status == 7)
    }
}
