import AsyncHTTPClient
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// hummingbird, over SwiftNIO's threads, as a service of swift-service-lifecycle; asked by
/// async-http-client and by `URLSession`.
enum HummingbirdApp {
    static func run() async throws {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "hummingbird")
        logger.logLevel = .critical
        let app = Application(
            router: router(),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress!.port!) }, logger: logger)
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: app)], logger: logger))
        let running = Task { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        guard let number = await iterator.next() else { fail("the server does not listen") }

        try await ask("http://127.0.0.1:\(number)")
        try await URLSessionClient(port: number).run()

        // One request is under way when the end begins, and is answered.
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let late = Task {
            begins.yield()
            return try await HTTPClient.shared.execute(
                HTTPClientRequest(url: "http://127.0.0.1:\(number)/waits"), timeout: .seconds(30)
            ).status.code
        }
        for await _ in begun { break }
        await Gate.shared.arrival()
        await group.triggerGracefulShutdown()
        await Gate.shared.open()
        say("answered in the end", try await late.value)
        try await running.value
        say("run ended")
    }

    private static func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/hello/:name") { _, context in
            "hello \(try context.parameters.require("name"))"
        }
        router.post("/echo") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            return String(buffer: body)
        }
        router.get("/slow") { _, _ in
            try await Task.sleep(for: .milliseconds(100))
            return "slow"
        }
        router.get("/broken") { _, _ -> String in throw HTTPError(.badGateway) }
        router.get("/pieces") { _, _ in
            Response(
                status: .ok,
                body: .init { writer in
                    for number in 1...10 {
                        try await writer.write(ByteBuffer(string: "\(number) "))
                        try await Task.sleep(for: .milliseconds(1))
                    }
                    try await writer.finish(nil)
                })
        }
        router.get("/waits") { _, _ in
            await Gate.shared.pass()
            return "waited"
        }
        return router
    }

    private static func ask(_ address: String) async throws {
        for path in ["/hello/client", "/slow", "/broken", "/pieces", "/nowhere"] {
            let response = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: address + path), timeout: .seconds(30))
            let body = try await response.body.collect(upTo: 1 << 20)
            say("client \(path)", response.status.code, String(buffer: body))
        }
    }
}

/// Where a request waits until the server has been told to end.
private actor Gate {
    static let shared = Gate()
    private var isOpen = false
    private var hasArrived = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func pass() async {
        hasArrived = true
        wake()
        while !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    /// Waits until a request is there.
    func arrival() async {
        while !hasArrived { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
        isOpen = true
        wake()
    }

    private func wake() {
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
