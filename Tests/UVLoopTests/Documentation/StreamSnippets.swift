import Testing
import UVLoop

// The code of the articles about streams that is in no example; see Snippets.swift.

@Suite struct StreamSnippets {
    /// Serves the first connection with one closure, and lets another be its client.
    private func converse<R: Sendable>(
        _ handler: @escaping Listener.Handler,
        _ client: @escaping @Sendable (SocketStream) async throws -> R
    ) async throws -> R {
        try await onLoop { loop in
            try await serving(loop, handler) { listener in
                try await loop.withConnection(to: .ip("127.0.0.1", port: listener.port)) {
                    try await client($0)
                }
            }
        }
    }

    @Test func lines() async throws {
        let answer = try await converse { stream in
            for try await line in stream.lines { try await stream.send(line.uppercased() + "\n") }
        } _: { stream in
            try await stream.send("one\r\ntwo")
            try await stream.sendEOF()
            return [try await stream.receiveLine(), try await stream.receiveLine()]
        }
        #expect(answer == ["ONE", "TWO"])
    }

    @Test func tryingAgain() async throws {
        let question = try await converse { stream in
            var request: String?
            do {
                request = try await stream.receiveLine(timeout: .milliseconds(20))
            } catch StreamError.timedOut {
                try await stream.send("are you there?\n")
                request = try await stream.receiveLine()
            }
            #expect(request == "half of a line")
        } _: { stream in
            try await stream.send("half ")
            let question = try await stream.receiveLine()
            try await stream.send("of a line\n")
            return question
        }
        #expect(question == "are you there?")
    }

    @Test func aFile() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 100_000)
            let received = try await converse { stream in
                let size = 99_000
                try await stream.send("\(size)\n")
                let sent = try await stream.sendFile(path, count: size)
                #expect(sent == size)
            } _: { stream in
                let size = Int(try await stream.receiveLine() ?? "") ?? 0
                return try await stream.receive(exactly: size)
            }
            #expect(received == Array(bytes[..<99_000]))
        }
    }

    @Test func limitOfSeveralOperations() async throws {
        try await converse { stream in
            let loop = stream.loop
            await #expect(throws: EventLoopError.timedOut) {
                try await loop.withTimeout(.milliseconds(20)) {
                    for try await line in stream.lines { print(line) }
                }
            }
        } _: { stream in
            while try await stream.receive() != nil {}
        }
    }
}
