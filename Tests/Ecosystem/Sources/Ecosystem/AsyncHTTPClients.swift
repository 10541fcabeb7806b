import AsyncHTTPClient
import NIOCore
import NIOPosix
import UVLoop

/// async-http-client, over SwiftNIO's threads, asks a server on a loop of UVLoop.
enum AsyncHTTPClients {
    static func run() async throws {
        let thread = try EventLoopThread()
        let loop = EventLoop.main ?? thread.loop
        let listener = try await loop.listen(on: .ip("127.0.0.1", port: 0))
        let serving = Task { try await listener.serve { try await TinyHTTP.answer($0) } }

        let client = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup)
        let address = "http://127.0.0.1:\(listener.port)"
        try await ask(client, address)
        try await atOnce(client, address)
        await failures(client, address)
        // By futures of SwiftNIO, which are completed on its threads.
        let future = client.get(url: address + "/future").map { "\($0.status.code)" }
        say("by a future", try await future.get())
        try await client.shutdown()

        try await listener.shutdown(grace: .seconds(5))
        try await serving.value
        try await refused(address)
        await thread.shutdown()
    }

    private static func ask(_ client: HTTPClient, _ address: String) async throws {
        say("get", try await body(client, HTTPClientRequest(url: address + "/hello")))
        var post = HTTPClientRequest(url: address + "/post")
        post.method = .POST
        post.body = .bytes(ByteBuffer(string: "from the client"))
        say("post", try await body(client, post))

        var stream = HTTPClientRequest(url: address + "/stream")
        stream.method = .POST
        let pieces = AsyncStream<ByteBuffer> { source in
            for number in 0..<10 { source.yield(ByteBuffer(string: "piece \(number);")) }
            source.finish()
        }
        stream.body = .stream(pieces, length: .known(Int64(80)))
        say("a body in pieces", try await body(client, stream))

        let big = try await client.execute(
            HTTPClientRequest(url: address + "/big"), timeout: .seconds(30))
        var count = 0
        for try await piece in big.body { count += piece.readableBytes }
        say("a big body", count)
    }

    private static func atOnce(_ client: HTTPClient, _ address: String) async throws {
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 1...50 {
                group.addTask {
                    try await body(client, HTTPClientRequest(url: address + "/\(number)"))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        say("fifty at once", answers.sorted())
    }

    private static func failures(_ client: HTTPClient, _ address: String) async {
        let silent = HTTPClientRequest(url: address + "/silent")
        do {
            _ = try await client.execute(silent, timeout: .milliseconds(200))
            say("timeout", "none")
        } catch {
            say("timeout", error)
        }
        let task = Task { try await client.execute(silent, timeout: .seconds(60)) }
        task.cancel()
        say("cancelled", await task.result.failure.map { "\($0)" } ?? "no")
    }

    /// Nobody listens there any more.
    private static func refused(_ address: String) async throws {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration)
        do {
            say("refused", try await body(client, HTTPClientRequest(url: address)))
        } catch {
            say("refused", type(of: error))
        }
        try await client.shutdown()
    }

    private static func body(
        _ client: HTTPClient, _ request: HTTPClientRequest
    ) async throws -> String {
        let response = try await client.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 20)
        return "\(response.status.code) \(String(buffer: body))"
    }
}

extension Result {
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
