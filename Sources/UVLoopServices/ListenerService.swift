import UVLoop

#if ServiceLifecycle
import ServiceLifecycle

/// Serves a listener as a service of swift-service-lifecycle, until the graceful shutdown.
///
/// ```swift
/// let listener = try await loop.listen(on: .host(nil, port: 7000))
/// let service = ListenerService(listener, grace: .seconds(10)) { stream in
///     for try await chunk in stream { try await stream.send(chunk) }
/// }
/// let group = ServiceGroup(
///     services: [service], gracefulShutdownSignals: [.sigterm], logger: logger)
/// try await group.run()
/// ```
///
/// **The graceful shutdown**: no more connections are accepted, and the ports are free. Those that
/// are open have the grace; then their handlers are cancelled and what is left is aborted. A
/// handler that waits for the next request of its client need not wait for that: what
/// swift-service-lifecycle has for it works in handlers, `withGracefulShutdownHandler`,
/// `cancelWhenGracefulShutdown`, `Task.isShuttingDownGracefully`. That it throws
/// `CancellationError` then is no error.
///
/// **Cancellation** closes the listener and cancels the handlers, without a grace.
public struct ListenerService: Service {
    private let grace: Duration
    private let serve: @Sendable () async throws -> Void
    private let shutdown: @Sendable (Duration) async throws -> Void

    /// Serves the connections of one loop.
    ///
    /// - Parameters:
    ///   - listener: nobody else may take its connections.
    ///   - grace: how long connections may go on once the graceful shutdown has begun.
    ///   - handler: as `Listener.serve` has it.
    public init(
        _ listener: Listener, grace: Duration = .seconds(30),
        _ handler: @escaping Listener.Handler
    ) {
        self.grace = grace
        serve = { try await listener.serve(ending(handler)) }
        shutdown = { try await listener.shutdown(grace: $0) }
    }

    /// Serves the connections of all loops of a group.
    ///
    /// The loops run on when the service has ended: `EventLoopGroup.shutdown` ends them.
    ///
    /// - Parameters:
    ///   - listener: nobody else may serve its connections.
    ///   - grace: how long connections may go on once the graceful shutdown has begun.
    ///   - handler: as `GroupListener.serve` has it.
    public init(
        _ listener: GroupListener, grace: Duration = .seconds(30),
        _ handler: @escaping Listener.Handler
    ) {
        self.grace = grace
        serve = { try await listener.serve(ending(handler)) }
        shutdown = { try await listener.shutdown(grace: $0) }
    }

    /// Serves until the graceful shutdown has ended, or somebody closes the listener.
    ///
    /// - Throws: `CancellationError` if the task is cancelled; `StreamError.busy` if another task
    ///   serves the listener.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do {
                    try await gracefulShutdown()
                } catch {
                    // Cancelled, as is what serves; or it serves no longer.
                    return
                }
                try await shutdown(grace)
            }
            try await serve()
            tasks.cancelAll()
        }
    }
}

/// A handler that may end as soon as the graceful shutdown has begun.
private func ending(_ handler: @escaping Listener.Handler) -> Listener.Handler {
    { stream in
        do {
            try await handler(stream)
        } catch is CancellationError where Task.isShuttingDownGracefully {
            return
        }
    }
}

#else
/// Needs the trait `ServiceLifecycle`.
@available(
    *, unavailable, message: "enable UVLoop's trait: .package(…, traits: [\"ServiceLifecycle\"])"
)
public struct ListenerService {
    /// Needs the trait `ServiceLifecycle`.
    public init(_ listener: Any, grace: Duration = .zero, _ handler: @escaping Listener.Handler) {}
}
#endif
