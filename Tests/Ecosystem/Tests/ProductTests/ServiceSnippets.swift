import Logging
import ServiceLifecycle
import Testing
import UVLoop
import UVLoopLogging
import UVLoopMetrics
import UVLoopServices

// The code of the article on services; a test of the library compares them.

@Suite(.timeLimit(.minutes(1)))
struct ServiceSnippets {
    /// A client that has been answered and asks for nothing more does not hold up the end.
    @Test func aServer() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let port = 0
        try await withLoop { loop in
            let listener = try await loop.listen(on: .ip("127.0.0.1", port: port))
            let service = ListenerService(listener, grace: .seconds(1_000)) { stream in
                try await answer(stream)
            }
            let services = ServiceGroup(services: [service], logger: logger)
            async let running: Void = services.run()
            try await loop.withConnection(to: .ip("127.0.0.1", port: listener.port)) { stream in
                try await stream.send("so it is\n")
                #expect(try await stream.receiveLine() == "so it is, indeed")
                await services.triggerGracefulShutdown()
                #expect(try await stream.receiveLine() == "good bye")
                #expect(try await stream.receiveLine() == nil)
            }
            try await running
        }
    }

    /// Only compiled: the signal would end the tests.
    func served(by loop: isolated EventLoop, port: Int, logger: Logger) async throws {
        let listener = try await loop.listen(on: .ip("127.0.0.1", port: port))
        let service = ListenerService(listener, grace: .seconds(10)) { stream in
            try await answer(stream)
        }
        let services = ServiceGroup(
            services: [service], gracefulShutdownSignals: [.sigterm], logger: logger)
        try await services.run()
    }

    @Test func reports() async throws {
        try await withLoop { loop in
            loop.log(to: Logger(label: "server"))
            loop.reportMetrics(every: .seconds(10), dimensions: [("loop", "main")])
        }
    }
}

func answer(_ stream: SocketStream) async throws {
    do {
        while let line = try await cancelWhenGracefulShutdown({ try await stream.receiveLine() }) {
            try await stream.send("\(line), indeed\n")
        }
    } catch is CancellationError {
        try await stream.send("good bye\n")
    }
}
