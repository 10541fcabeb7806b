import Foundation
import Logging
import ServiceLifecycle
import UVLoop
import UVLoopServices

/// swift-service-lifecycle: a listener as a service, ended by a signal of the process, with one
/// connection that is answered to its end and one that does not know one.
enum Services {
    static func run() async throws {
        let thread = try EventLoopThread()
        let loop = EventLoop.main ?? thread.loop
        let listener = try await loop.listen(on: .ip("127.0.0.1", port: 0))
        let service = ListenerService(listener, grace: .seconds(2)) { stream in
            try await stream.send("hello\n")
            guard let line = try await stream.receiveLine() else { return }
            try await stream.send("\(line), good bye\n")
        }
        let ticking = Ticking()
        let group = ServiceGroup(
            services: [service, ticking], gracefulShutdownSignals: [.sigusr1],
            logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await group.run() }

        let answered = try await loop.connect(to: .ip("127.0.0.1", port: listener.port))
        let silent = try await loop.connect(to: .ip("127.0.0.1", port: listener.port))
        say("greeted", try await answered.receiveLine() ?? "not")
        say("greeted", try await silent.receiveLine() ?? "not")
        kill(getpid(), SIGUSR1)
        await ticking.hasEnded()
        try await answered.send("asked\n")
        say("answered", try await answered.receiveLine() ?? "not")
        say("ended", try await answered.receiveLine() == nil)
        try await answered.close()
        say("cut off", ((try? await silent.receiveLine()) ?? nil) == nil)
        try? await silent.close()
        try await running.value
        say("run ended")
        await thread.shutdown()
    }
}

/// A service that has nothing to do with UVLoop: sleeps in short pieces until the shutdown.
private struct Ticking: Service {
    private let ended = AsyncStream.makeStream(of: Void.self)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true { try await Task.sleep(for: .milliseconds(1)) }
        }
        ended.continuation.finish()
    }

    func hasEnded() async { for await _ in ended.stream {} }
}
