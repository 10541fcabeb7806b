import StreamConformance
import UVLoop

/// A stream in memory some of whose operations do something else.
struct Mutant: ByteStream {
    let base: MemoryStream
    var sending: @Sendable (MemoryStream, [UInt8]) async throws -> Void = { try await $0.send($1) }
    var waiting: @Sendable (MemoryStream) async throws -> Void = { try await $0.waitForRoom() }
    var receiving: @Sendable (MemoryStream, Int) async throws -> [UInt8]? = {
        try await $0.receive(upTo: $1)
    }
    var ending: @Sendable (MemoryStream) async throws -> Void = { try await $0.sendEOF() }
    var closing: @Sendable (MemoryStream) async throws -> Void = { try await $0.close() }
    var aborting: @Sendable (MemoryStream) -> Void = { $0.abort() }

    init(_ base: MemoryStream) { self.base = base }

    /// Notes that the stream is closed or aborted, right before it is.
    mutating func notingItsEnd() -> Switch {
        let isClosed = Switch()
        aborting = {
            isClosed.isOn = true
            $0.abort()
        }
        closing = {
            isClosed.isOn = true
            try await $0.close()
        }
        return isClosed
    }

    nonisolated(nonsending) func send(_ bytes: some ByteContainer & Sendable) async throws {
        try await sending(base, bytes.withUnsafeBytes { [UInt8]($0) })
    }

    nonisolated(nonsending) func waitForRoom() async throws { try await waiting(base) }

    nonisolated(nonsending) func receive(upTo limit: Int) async throws -> [UInt8]? {
        try await receiving(base, limit)
    }

    nonisolated(nonsending) func sendEOF() async throws { try await ending(base) }
    nonisolated(nonsending) func close() async throws { try await closing(base) }
    func abort() { aborting(base) }
}
