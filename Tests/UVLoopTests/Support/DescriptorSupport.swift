import CUV
import Glibc

@testable import UVLoop

/// Two connected Unix-domain sockets: one for the loop, and one for a raw peer.
struct RawPair: Sendable {
    let descriptor: Int32
    let peer: RawSocket

    init() throws {
        let (first, second) = try EventLoop.socketPair()
        descriptor = first
        peer = RawSocket(descriptor: second)
    }

    func end() {
        _ = close(descriptor)
        peer.close()
    }
}

/// Lends such a pair.
func withRawPair<R>(
    isolation: isolated (any Actor)? = #isolation, _ body: (RawPair) async throws -> R
) async throws -> R {
    let pair = try RawPair()
    defer { pair.end() }
    return try await body(pair)
}

extension EventLoop {
    /// How many handles there are, but for the loop's own.
    nonisolated var userHandleCount: Int {
        var count = 0
        core.forEachUserHandle { _ in count += 1 }
        return count
    }

    /// Whether a task waits for a descriptor.
    nonisolated var hasActivePoll: Bool {
        var found = false
        core.forEachHandleObject { if $0 is Poll, $0.isActive { found = true } }
        return found
    }
}
