import Testing
import UVLoop
import UVLoopServices

/// What a service serves.
enum Served: CaseIterable {
    case loop, group

    /// Listens, calls the closure with a loop to connect from, and ends all loops.
    func run(
        _ body: @Sendable (AnyListener, isolated EventLoop) async throws -> Void
    ) async throws {
        let group = try EventLoopGroup(count: 2)
        // Nothing in these tests is an error of a handler.
        try await group.performOnAll { loop in
            loop.exceptionHandler = { Issue.record("\($0)") }
        }
        let listener =
            switch self {
            case .loop:
                AnyListener.one(try await group.loops[0].listen(on: .ip("127.0.0.1", port: 0)))
            case .group: AnyListener.all(try await group.listen(on: .ip("127.0.0.1", port: 0)))
            }
        let result: Result<Void, any Error>
        do {
            result = .success(try await withLoop { try await body(listener, $0) })
        } catch {
            result = .failure(error)
        }
        await group.shutdown()
        try result.get()
    }
}

/// A listener of either kind.
enum AnyListener: Sendable {
    case one(Listener)
    case all(GroupListener)

    var port: Int {
        switch self {
        case .one(let listener): listener.port
        case .all(let listener): listener.port
        }
    }

    func service(grace: Duration, _ handler: @escaping Listener.Handler) -> ListenerService {
        switch self {
        case .one(let listener): ListenerService(listener, grace: grace, handler)
        case .all(let listener): ListenerService(listener, grace: grace, handler)
        }
    }

    func close() async {
        switch self {
        case .one(let listener): await listener.close()
        case .all(let listener): await listener.close()
        }
    }

    /// Returns once connections are refused, which is a moment after the end has begun.
    func refuses(_ client: isolated EventLoop) async throws {
        while true {
            do {
                let stream = try await client.connect(to: .ip("127.0.0.1", port: port))
                try? await stream.close()
            } catch let error as EndpointError where error.code == .connectionRefused {
                return
            }
        }
    }
}
