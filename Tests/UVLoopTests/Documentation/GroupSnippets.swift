import Testing

@testable import UVLoop

// The code of the articles about groups of loops; see Snippets.swift.

@Suite struct GroupSnippets {
    @Test func severalLoops() async throws {
        let group = try EventLoopGroup(name: "io")
        try await group.performOnAll { loop in loop.slowCallbackThreshold = .milliseconds(20) }
        let listener = try await group.listen(on: .ip("127.0.0.1", port: 0))
        async let serving: Void = listener.serve { stream in
            for try await chunk in stream { try await stream.send(chunk) }
        }

        let loop = group.next()
        try await loop.withConnection(to: .address(listener.addresses[0])) { stream in
            try await stream.send("hello")
            #expect(try await stream.receive(exactly: 5) == Array("hello".utf8))
        }

        try await listener.shutdown(grace: .seconds(5))
        try await serving
        await group.shutdown()
    }
}
