import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Asks a server that has `/hello/NAME`, `/echo`, `/slow` and `/broken`.
struct URLSessionClient {
    let port: Int
    private let session = URLSession(configuration: .ephemeral)

    init(port: Int) {
        self.port = port
    }

    func run() async throws {
        say("session /hello", try await get("/hello/session"))
        say("session /echo", try await post("/echo", "from the session"))
        say("session /slow", try await get("/slow"))
        say("session /broken", try await get("/broken"))
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 1...20 { group.addTask { try await get("/hello/\(number)") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        say("session, twenty at once", answers.sorted())
        let big = String(repeating: "0123456789", count: 20_000)
        say("session, 200 kB", try await post("/echo", big) == "200 \(big)")
        let slow = Task { try await get("/slow") }
        slow.cancel()
        do {
            say("session, cancelled", try await slow.value)
        } catch {
            let isCancelled = (error as? URLError)?.code == .cancelled
            say("session, cancelled", isCancelled || error is CancellationError)
        }
        session.invalidateAndCancel()
    }

    private func get(_ path: String) async throws -> String {
        try await answer(URLRequest(url: url(path)))
    }

    private func post(_ path: String, _ text: String) async throws -> String {
        var request = URLRequest(url: url(path))
        request.httpMethod = "POST"
        request.httpBody = Data(text.utf8)
        return try await answer(request)
    }

    private func answer(_ request: URLRequest) async throws -> String {
        let (data, response) = try await session.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        return "\(status) \(String(decoding: data, as: UTF8.self))"
    }

    private func url(_ path: String) -> URL { URL(string: "http://127.0.0.1:\(port)\(path)")! }
}
