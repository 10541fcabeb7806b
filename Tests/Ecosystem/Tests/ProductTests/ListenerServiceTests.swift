import Logging
import ServiceLifecycle
import Testing
import UVLoop
import UVLoopServices

@Suite(.timeLimit(.minutes(1)))
struct ListenerServiceTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func group(of service: ListenerService) -> ServiceGroup {
        ServiceGroup(services: [service], logger: quiet)
    }

    /// The handler is in the midst of an answer when the end begins, and ends it.
    @Test(arguments: Served.allCases)
    func anAnswerWithinTheGraceIsWhole(_ served: Served) async throws {
        try await served.run { listener, client in
            let begun = Signal()
            let go = Signal()
            let services = Self.group(
                of: listener.service(grace: .seconds(1_000)) { stream in
                    // Those that only find out whether they are refused say nothing.
                    guard try await stream.receive(exactly: 3) != nil else { return }
                    try await stream.send("first,")
                    begun.send()
                    await go.wait()
                    try await stream.send("second")
                })
            async let running: Void = services.run()
            let stream = try await client.connect(to: .ip("127.0.0.1", port: listener.port))
            try await stream.send("ask")
            await begun.wait()
            await services.triggerGracefulShutdown()
            try await listener.refuses(client)
            go.send()
            var text = ""
            for try await chunk in stream { text += String(decoding: chunk, as: UTF8.self) }
            try await stream.close()
            #expect(text == "first,second")
            try await running
        }
    }

    @Test(arguments: Served.allCases)
    func aHandlerBeyondTheGraceIsCancelled(_ served: Served) async throws {
        try await served.run { listener, client in
            let begun = Signal()
            let cancelled = Signal()
            let services = Self.group(
                of: listener.service(grace: .milliseconds(20)) { stream in
                    begun.send()
                    defer { if Task.isCancelled { cancelled.send() } }
                    _ = try await stream.receive()
                })
            async let running: Void = services.run()
            let stream = try await client.connect(to: .ip("127.0.0.1", port: listener.port))
            await begun.wait()
            await services.triggerGracefulShutdown()
            await cancelled.wait()
            // Its end comes as such, or as a reset.
            #expect(((try? await stream.receive()) ?? nil) == nil)
            try? await stream.close()
            try await running
        }
    }

    /// What swift-service-lifecycle has for services works in handlers: they need not wait for the
    /// grace to pass.
    @Test(arguments: Served.allCases)
    func aHandlerHearsOfTheShutdown(_ served: Served) async throws {
        try await served.run { listener, client in
            let begun = Signal()
            let services = Self.group(
                of: listener.service(grace: .seconds(1_000)) { stream in
                    begun.send()
                    do {
                        try await gracefulShutdown()
                        try await stream.send("bye")
                    } catch {
                        Issue.record("cancelled")
                    }
                })
            async let running: Void = services.run()
            let stream = try await client.connect(to: .ip("127.0.0.1", port: listener.port))
            await begun.wait()
            await services.triggerGracefulShutdown()
            let answer = try await stream.receive(exactly: 3)
            #expect(answer.map { String(decoding: $0, as: UTF8.self) } == "bye")
            try await stream.close()
            try await running
        }
    }

    /// And to end for that reason is no error.
    @Test(arguments: Served.allCases)
    func aHandlerMayBeCancelledByTheShutdown(_ served: Served) async throws {
        try await served.run { listener, client in
            let begun = Signal()
            let services = Self.group(
                of: listener.service(grace: .seconds(1_000)) { stream in
                    begun.send()
                    try await cancelWhenGracefulShutdown { _ = try await stream.receive() }
                })
            async let running: Void = services.run()
            let stream = try await client.connect(to: .ip("127.0.0.1", port: listener.port))
            await begun.wait()
            await services.triggerGracefulShutdown()
            #expect(try await stream.receive() == nil)
            try await stream.close()
            try await running
        }
    }

    @Test(arguments: Served.allCases)
    func cancellationHasNoGrace(_ served: Served) async throws {
        try await served.run { listener, client in
            let begun = Signal()
            let service = listener.service(grace: .seconds(1_000)) { stream in
                begun.send()
                _ = try await stream.receive()
            }
            let running = Task { try await service.run() }
            let stream = try await client.connect(to: .ip("127.0.0.1", port: listener.port))
            await begun.wait()
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            try await listener.refuses(client)
            try? await stream.close()
        }
    }

    @Test(arguments: Served.allCases)
    func aShutdownBeforeTheRunEndsIt(_ served: Served) async throws {
        try await served.run { listener, client in
            let services = Self.group(of: listener.service(grace: .seconds(1_000)) { _ in })
            await services.triggerGracefulShutdown()
            try await services.run()
            try await listener.refuses(client)
        }
    }

    /// Somebody else ends the listener: then there is nothing left to serve.
    @Test(arguments: Served.allCases)
    func theRunEndsWithTheListener(_ served: Served) async throws {
        try await served.run { listener, client in
            let begun = Signal()
            let service = listener.service(grace: .seconds(1_000)) { _ in begun.send() }
            async let running: Void = service.run()
            let stream = try await client.connect(to: .ip("127.0.0.1", port: listener.port))
            await begun.wait()
            try await stream.close()
            await listener.close()
            try await running
        }
    }
}
