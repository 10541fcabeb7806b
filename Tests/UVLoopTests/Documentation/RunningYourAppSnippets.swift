import Foundation
import UVLoop
import UVLoopFoundation

// The code of the article on the default loop; see Snippets.swift. Only compiled here, because it
// changes the process for good: the programs in Tests/Probes run the same.

func runningYourAppAsync() async throws {
    try EventLoop.install()
}

func runningYourAppWithRunLoop() async throws {
    try EventLoop.installWithRunLoop()
    RunLoop.main.perform { print("on the main actor, and on the loop") }
}

func runningYourApp() throws {
    try EventLoop.runMain {
        let loop = EventLoop.main!
        let listener = try await loop.listen(on: .ip("127.0.0.1", port: 7000))
        try await listener.serve { stream in
            for try await chunk in stream { try await stream.send(chunk) }
        }
    }
}
