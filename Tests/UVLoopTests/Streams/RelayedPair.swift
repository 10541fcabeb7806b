import StreamConformance
import UVLoop

/// Two streams in memory with a task between them that carries the bytes, like a network: whatever
/// one end does, the other notices later.
enum RelayedPair {
    static func make() -> (MemoryStream, MemoryStream) {
        make(capacity: 4_096)
    }

    /// Three bytes wait on this side, one in the relay, three on the other.
    static func clogged() async throws -> (MemoryStream, MemoryStream) {
        let (first, second) = make(capacity: 3, singleBytes: 4)
        for byte in 1...7 as ClosedRange<UInt8> {
            try await first.send([byte])
            try await second.send([byte])
        }
        return (first, second)
    }

    /// - Parameter singleBytes: how many bytes are carried one by one at first. Not all: under load
    ///   that would take minutes.
    private static func make(
        capacity: Int, singleBytes: Int = 0
    ) -> (MemoryStream, MemoryStream) {
        let (first, near) = MemoryStream.pair(capacity: capacity)
        let (far, second) = MemoryStream.pair(capacity: capacity)
        Task {
            async let forth: Void = carry(from: near, to: far, singleBytes)
            async let back: Void = carry(from: far, to: near, singleBytes)
            _ = await (forth, back)
            try? await near.close()
            try? await far.close()
        }
        return (first, second)
    }

    private static func carry(
        from source: MemoryStream, to target: MemoryStream, _ singleBytes: Int
    ) async {
        var pieces = 0
        do {
            while let bytes = try await source.receive(upTo: pieces < singleBytes ? 1 : 1_000) {
                pieces += 1
                await Task.yield()
                try await target.send(bytes)
            }
            try await target.sendEOF()
        } catch StreamError.broken(.brokenPipe) {
            // The target's peer has closed. What it has sent before may still be on its way; till
            // that has arrived, nobody wants what comes here.
            Task { while try await source.receive(upTo: 1_000) != nil {} }
        } catch {
            source.abort()
            target.abort()
        }
    }
}
