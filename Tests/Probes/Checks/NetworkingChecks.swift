import Foundation
import UVLoop

// Without it: a static program needs all that curl is made of, also static.
#if !WITHOUT_NETWORKING
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension Checks {
    /// Fifty requests at once to a server on the loop itself; the handlers come on the main queue.
    @MainActor
    func urlSession() async throws {
        let listener = try await EventLoop.main!.listen(on: .ip("127.0.0.1", port: 0))
        let server = Task {
            try await listener.serve { stream in
                guard let line = try await stream.receiveLine() else { return }
                while let header = try await stream.receiveLine(), !header.isEmpty {}
                let path = line.split(separator: " ")[1]
                try await stream.send(
                    """
                    HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\
                    Connection: close\r\n\r\n\(path)
                    """)
            }
        }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = 50
        let session = URLSession(
            configuration: configuration, delegate: nil, delegateQueue: .main)
        let base = "http://127.0.0.1:\(listener.port)/"
        try await withThrowingTaskGroup { group in
            for number in 0..<50 {
                group.addTask {
                    let url = URL(string: base + "\(number)")!
                    let (data, isOnMain) = try await withCheckedThrowingContinuation { waiter in
                        session.dataTask(with: url) { data, _, error in
                            waiter.resume(
                                with: error.map { .failure($0) }
                                    ?? .success((data ?? Data(), isOnMainThread())))
                        }.resume()
                    }
                    try require(isOnMain)
                    try require(String(decoding: data, as: UTF8.self) == "/\(number)")
                }
            }
            try await group.waitForAll()
        }
        session.invalidateAndCancel()
        await listener.close()
        try await server.value
    }
}
#else
extension Checks {
    func urlSession() async throws {}
}
#endif
