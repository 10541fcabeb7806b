import Glibc
import UVLoop

/// What tasks do in an app whose default loop is replaced.
enum TaskWork {
    /// Receives a byte that the loop has not read yet when the task asks for it: the task is
    /// suspended, and resumed by the turn that reads it. Sending the byte counts as well.
    static func receive(_ count: Int) throws {
        try EventLoop.runMain {
            let (own, other) = try EventLoop.socketPair()
            let stream = try await EventLoop.main!.adopt(descriptor: own)
            var byte: UInt8 = 7
            for _ in 0..<count {
                precondition(write(other, &byte, 1) == 1)
                // Without an array for each.
                let length = try await stream.withReceived { $0.byteCount }
                precondition(length == 1)
            }
            stream.abort()
            close(other)
        }
    }

    static func yield(_ count: Int) throws {
        try EventLoop.runMain { @MainActor in
            for _ in 0..<count { await Task.yield() }
        }
    }

    /// One after the other, each long enough that the loop goes to sleep for it.
    static func sleep(_ count: Int) throws {
        try EventLoop.runMain { @MainActor in
            for _ in 0..<count { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    static func spawnOnLoop(_ count: Int) throws {
        try EventLoop.run { loop in
            for number in 0..<count {
                let result = try await loop.spawn { _ in number }.value
                precondition(result == number)
            }
        }
    }

    static func spawnDetached(_ count: Int) throws {
        try EventLoop.runMain { @MainActor in
            for number in 0..<count {
                let result = await Task.detached { number }.value
                precondition(result == number)
            }
        }
    }

    /// From the main actor to another one and back.
    static func hop(_ count: Int) throws {
        try EventLoop.runMain { @MainActor in
            let other = Other()
            for _ in 0..<count {
                await other.visit()
                comeBack()
            }
            let visits = await other.visits
            precondition(visits == count && returns == count)
        }
    }

    /// Something to do on the main actor, or the compiler leaves the way back out.
    @MainActor private static var returns = 0
    @MainActor @inline(never)
    private static func comeBack() { returns += 1 }

    private actor Other {
        private(set) var visits = 0
        @inline(never)
        func visit() { visits += 1 }
    }
}
