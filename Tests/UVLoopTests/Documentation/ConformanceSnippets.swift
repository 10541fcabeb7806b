import StreamConformance
import Testing
import UVLoop

// The code of the article about `StreamConformance`, as in `Snippets`.

/// A stream that turns every bit over on the way.
private struct Inverted<Base: ByteStream>: ByteStream {
    let base: Base

    init(_ base: Base) { self.base = base }

    nonisolated(nonsending) func send(_ bytes: some ByteContainer & Sendable) async throws {
        try await base.send(bytes.withUnsafeBytes { $0.map { ~$0 } })
    }

    nonisolated(nonsending) func receive(upTo limit: Int) async throws -> [UInt8]? {
        try await base.receive(upTo: limit)?.map { ~$0 }
    }

    nonisolated(nonsending) func waitForRoom() async throws { try await base.waitForRoom() }
    nonisolated(nonsending) func sendEOF() async throws { try await base.sendEOF() }
    nonisolated(nonsending) func close() async throws { try await base.close() }
    func abort() { base.abort() }
}

@Suite struct InvertedConformance {
    static let suite = StreamSuite(pair: {
        let (first, second) = MemoryStream.pair()
        return (Inverted(first), Inverted(second))
    })

    @Test(arguments: suite.checks)
    func conforms(_ check: StreamCheck) async throws { try await check.run() }
}

@Suite struct ConformanceSnippetsTests {
    @Test func wholeSuite() async throws {
        let suite = InvertedConformance.suite
        try await suite.run()
    }

    private func greet(_ stream: some ByteStream) async throws {
        let name = try await stream.receive(upTo: 100) ?? []
        try await stream.send("Hello, " + String(decoding: name, as: UTF8.self))
    }

    @Test func lockstep() async throws {
        let (client, server) = LockstepStream.pair()
        let serving = Task { try await greet(server) }
        try await client.send("Ada\n")
        let greeting = try await client.receive(upTo: 100)
        try await serving.value
        #expect(greeting == Array("Hello, Ada\n".utf8))
    }
}
