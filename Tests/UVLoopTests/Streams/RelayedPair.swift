import StreamConformance
import UVLoop

/// Two streams in memory with a task between them that carries the bytes, like a network: whatever
/// one end does, the other notices later.
enum RelayedPair {
    static func make() -> (MemoryStream, MemoryStream) {
        make(capacity: 4_096, step: 1_000)
    }

    /// Three bytes wait on this side, one in the relay, three on the other.
    static func clogged() async throws -> (MemoryStream, MemoryStream) {
        let (first, second) = make(capacity: 3, step: 1)
        for byte in 1...7 as ClosedRange<UInt8> {
            try await first.send([byte])
            try await second.send([byte])
        }
        return (first, second)
    }

    private static func make(capacity: Int, step: Int) -> (MemoryStream, MemoryStream) {
        let (first, near) = MemoryStream.pair(capacity: capacity)
        let (far, second) = MemoryStream.pair(capacity: capacity)
        Task {
            async let forth: Void = carry(from: near, to: far, step)
            async let back: Void = carry(from: far, to: near, step)
            _ = await (forth, back)
            try? await near.close()
            try? await far.close()
        }
        return (first, second)
    }

    private static func carry(from source: MemoryStream, to target: MemoryStream, _ step: Int) async
    {
        do {
            while let bytes = try await source.receive(upTo: step) {
                await Task.yield()
                try await target.send(bytes)
            }
            try await target.sendEOF()
        } catch StreamError.broken(.brokenPipe) {
            // The target's peer has closed. What it has sent before may still be on its way; till
            // that has arrived, nobody wants what comes here.
            Task { while try await source.receive(upTo: step) != nil {} }
        } catch {
            source.abort()
            target.abort()
        }
    }
}
