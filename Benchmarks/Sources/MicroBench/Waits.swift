import CUV
import Glibc
import Synchronization
import UVLoop

/// A task that waits for bytes, against a callback that gets them: connections on which one byte
/// after the other comes, each sent by the server itself when it has received the one before. The
/// system calls are the same, so the difference is what it costs to suspend and resume the task,
/// with what a receive does beside.
enum Waits {
    /// On Swift's default loop, replaced: what an app's tasks run on.
    static func ours() throws -> Double { try difference(byTasks, runs: 31) }

    /// On the default loop that Swift brings, while the connections are on one of ours.
    static func native() throws -> Double { try difference(byTasksOfThePool, runs: 3) }

    /// Of many short runs, because the system calls cost ten times the difference, and vary.
    private static func difference(
        _ byTasks: () throws -> Double, runs: Int
    ) throws -> Double {
        let differences = try (0..<runs).map { number in
            // Every other time the other way round.
            guard number.isMultiple(of: 2) else { return try byTasks() - byCallbacks() }
            let reference = try byCallbacks()
            return try byTasks() - reference
        }
        return differences.sorted()[differences.count / 2]
    }

    private static func byTasks() throws -> Double {
        try EventLoop.runMain {
            let loop = EventLoop.main!
            let listener = try await loop.listen(on: .unix(PassedBytes.name))
            let passed = PassedBytes()
            try await listener.serve { stream in
                guard let first = try await stream.receive(exactly: 4) else { return }
                let client = PassedBytes.client(first.span.bytes)
                // Without an array for each: callbacks make none either.
                while passed.sendNext(client),
                    try await stream.withReceived({ _ in true }) != nil
                {}
                await listener.close()
            }
            return passed.cost
        }
    }

    private static func byTasksOfThePool() throws -> Double {
        try EventLoop.run { loop in
            let listener = try await loop.listen(on: .unix(PassedBytes.name))
            let passed = PassedBytes()
            var tasks: [Task<Void, any Error>] = []
            while tasks.count < PassedBytes.connections, let stream = try await listener.accept() {
                tasks.append(
                    Task.detached {
                        guard let first = try await stream.receive(exactly: 4) else { return }
                        let client = PassedBytes.client(first.span.bytes)
                        while passed.sendNext(client),
                            try await stream.withReceived({ _ in true }) != nil
                        {}
                        stream.abort()
                    })
            }
            for task in tasks { try await task.value }
            await listener.close()
            return passed.cost
        }
    }

    private static func byCallbacks() throws -> Double {
        try EventLoop.run { loop in
            // Sound: set before the loop goes on to accept, and used on its thread.
            nonisolated(unsafe) var made: PassedBytes?
            let server = try await loop.listen(on: .unix(PassedBytes.name)) { Receiver(made!) }
            let passed = PassedBytes()
            made = passed
            passed.atEnd = {
                server.close()
                server.abortClients()
            }
            try await server.waitClosed()
            return passed.cost
        }
    }

    private final class Receiver: PlainProtocol {
        private let passed: PassedBytes
        private var client: Int32?

        init(_ passed: PassedBytes) { self.passed = passed }

        func dataReceived(_ data: RawSpan) {
            let known = client ?? PassedBytes.client(data)
            client = known
            _ = passed.sendNext(known)
        }
    }
}

/// The clients' side, sockets without a loop: the bytes that go round, and what they cost.
///
/// Sendable without the compiler's check: what more than one thread uses is atomic, and the cost is
/// written by one and read when the others have ended.
private final class PassedBytes: @unchecked Sendable {
    /// In the abstract namespace.
    static let name = "\0uvloop-waits-\(getpid())"
    static let connections = 50
    private static let count = 20_000
    /// So many come first, uncounted: while they do, everyone is accepted.
    private static let early = 2_000

    private let clients: [Int32]
    /// When the uncounted ones were over; the bits of a `Double`.
    private let start = Atomic<UInt64>(0)
    private let left = Atomic(early + count)
    private(set) var cost = 0.0
    var atEnd = {}

    /// Connects; each client's first message is its own number.
    init() {
        clients = (0..<Self.connections).map { _ in
            let client = socket(AF_UNIX, cuv_stream_type, 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Self.name.utf8) }
            let length = MemoryLayout<sa_family_t>.size + Self.name.utf8.count
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(client, $0, socklen_t(length))
                }
            }
            precondition(result == 0, "connect: error \(errno)")
            withUnsafeBytes(of: client) { precondition(write(client, $0.baseAddress, 4) == 4) }
            return client
        }
    }

    deinit { for client in clients { close(client) } }

    static func client(_ message: RawSpan) -> Int32 { message.unsafeLoad(as: Int32.self) }

    /// Sends a byte to the server's side of a client. False when it is enough; that ends everyone.
    func sendNext(_ client: Int32) -> Bool {
        let left = left.subtract(1, ordering: .relaxed).newValue
        if left == Self.count { start.store(processCPUTime().bitPattern, ordering: .relaxed) }
        guard left != 0 else {
            let start = Double(bitPattern: start.load(ordering: .relaxed))
            cost = (processCPUTime() - start) / Double(Self.count)
            for client in clients { shutdown(client, Int32(SHUT_RDWR)) }
            atEnd()
            return false
        }
        guard left > 0 else { return false }
        var byte: UInt8 = 0
        // Another thread may have ended everyone since.
        precondition(write(client, &byte, 1) == 1 || self.left.load(ordering: .relaxed) <= 0)
        return true
    }
}
