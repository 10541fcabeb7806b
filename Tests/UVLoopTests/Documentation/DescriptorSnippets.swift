import Testing
import UVLoop

// The code of the article about descriptors: see `Snippets`.

@Suite struct DescriptorSnippets {
    @Test func polling() async throws {
        try await withLoop { loop in
            let pair = try RawPair()
            defer { pair.end() }
            let descriptor = pair.descriptor
            var events: [Poll.Events] = []
            let poll = try Poll(loop, descriptor)
            poll.start(.readable) { result in
                events.append(try result.get())
                poll.close()
            }
            try pair.peer.send("x")
            try loop.run()
            #expect(events == [.readable])
        }
    }

    @Test func waiting() async throws {
        try await onLoop { loop in
            try await withRawPair { pair in
                let descriptor = pair.descriptor
                try pair.peer.send("x")
                try await loop.waitUntilReadable(descriptor, timeout: .seconds(5))
                let arrivals = RawDescriptor(descriptor, on: loop).readiness(for: .readable)
                for try await _ in arrivals { break }
            }
        }
    }

    @Test func socketOperations() async throws {
        try await onLoop { loop in
            try await withRawPair { pair in
                let descriptor = pair.descriptor
                try pair.peer.send("pong")
                let socket = RawDescriptor(descriptor, on: loop)
                try await socket.sendAll("ping")
                let answer = try await socket.receive(upTo: 4_096, timeout: .seconds(5))
                #expect(answer == Array("pong".utf8))
            }
        }
    }

    @Test func blockingWork() async throws {
        @Sendable func readSlowly() throws -> Int { 42 }
        try await onLoop { loop in
            let answer = try await loop.blocking { try readSlowly() }
            #expect(answer == 42)
        }
    }

    @Test func keys() async throws {
        let pseudo = try PseudoTerminal()
        defer { pseudo.end() }
        try await onLoop { loop in
            let descriptor = pseudo.slave
            try pseudo.type("q\n")
            guard DescriptorKind(descriptor) == .terminal else { return }
            let keys = try await loop.openTerminal(descriptor, .input)
            try await keys.setMode(.raw)
            let key = try await keys.stream.receive(upTo: 1)
            try await keys.close()
            #expect(key == Array("q".utf8))
        }
    }
}
