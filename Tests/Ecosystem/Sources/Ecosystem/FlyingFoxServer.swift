import FlyingFox
import FlyingSocks
import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// FlyingFox: its server, whose sockets are watched by a thread of its own, asked by its own client
/// and by `URLSession`.
enum FlyingFoxServer {
    static func run() async throws {
        let address = try sockaddr_in.inet(ip4: "127.0.0.1", port: 0)
        let server = HTTPServer(address: address, logger: .disabled)
        await addRoutes(to: server)
        let running = Task { try await server.run() }
        try await server.waitUntilListening()
        guard case .ip4(_, let port) = await server.listeningAddress else {
            fail("the server has no address")
        }

        try await ask(port)
        try await URLSessionClient(port: Int(port)).run()

        await server.stop(timeout: 0.2)
        // In order, or cancelled with connections that a client has kept.
        _ = await running.result
        say("it listens", await server.isListening)
    }

    private static func addRoutes(to server: HTTPServer) async {
        await server.appendRoute("GET /hello/:name") { (name: String) in
            HTTPResponse(statusCode: .ok, body: Data("hello \(name)".utf8))
        }
        await server.appendRoute("POST /echo") { request in
            HTTPResponse(statusCode: .ok, body: try await request.bodyData)
        }
        await server.appendRoute("GET /slow") { _ in
            try await Task.sleep(for: .milliseconds(100))
            return HTTPResponse(statusCode: .accepted, body: Data("slow".utf8))
        }
        await server.appendRoute("GET /broken") { _ in throw URLError(.unknown) }
    }

    /// By FlyingFox's own client.
    private static func ask(_ port: UInt16) async throws {
        let requests = [
            (HTTPMethod.GET, "/hello/fox", ""), (.POST, "/echo", "from the fox"),
            (.GET, "/slow", ""), (.GET, "/broken", ""), (.GET, "/nowhere", ""),
        ]
        for (method, path, body) in requests {
            var client = HTTPClient()
            let request = HTTPRequest(
                method: method, version: .http11, path: path, query: [], headers: [:],
                body: Data(body.utf8))
            let response = try await client.sendHTTPRequest(
                request, to: sockaddr_in.inet(ip4: "127.0.0.1", port: port))
            let text = String(decoding: try await response.bodyData, as: UTF8.self)
            say("fox \(path)", response.statusCode.code, text)
        }
    }
}
