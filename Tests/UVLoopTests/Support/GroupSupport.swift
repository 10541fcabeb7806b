import Synchronization
import Testing

@testable import UVLoop

/// The ways in which connections come to the loops of a group.
enum Dealt: CaseIterable, Sendable {
    case bySystem, byHand, unix

    var distribution: EventLoopGroup.Distribution { self == .bySystem ? .system : .handedOver }

    /// Unix-domain sockets are handed over, whatever is asked for.
    var endpoint: Endpoint { .address(self == .unix ? .unnamed : .anyPortIPv4) }

    func listen(_ group: EventLoopGroup) async throws -> GroupListener {
        try await group.listen(on: endpoint, distribution: distribution)
    }
}

/// Lends a group, whose reports go nowhere, and shuts it down.
nonisolated(nonsending) func withGroup<R>(
    _ count: Int = 3, _ body: nonisolated(nonsending) (EventLoopGroup) async throws -> R
) async throws -> R {
    let group = try EventLoopGroup(count: count, name: "test")
    try await group.performOnAll { loop in loop.exceptionHandler = { _ in } }
    do {
        let result = try await body(group)
        await group.shutdown()
        return result
    } catch {
        await group.shutdown()
        throw error
    }
}

/// Waits for what holds for good once it holds; as ``until(_:place:_:)`` for code on no loop.
nonisolated(nonsending) func eventually(
    place: SourceLocation = #_sourceLocation,
    _ condition: nonisolated(nonsending) () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(50)
    var pause = Duration.milliseconds(1)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw GaveUp(place: place) }
        try await Task.sleep(for: pause)
        pause = min(pause * 3 / 2, .milliseconds(50))
    }
}

/// What handlers and protocols of several loops note.
final class Notes<Note: Sendable>: Sendable {
    private let list = Mutex<[Note]>([])

    func add(_ note: Note) { list.withLock { $0.append(note) } }
    var all: [Note] { list.withLock { $0 } }
    var count: Int { all.count }
}

extension EventLoopGroup {
    /// Where a loop stands among the group's.
    func index(of loop: EventLoop?) -> Int? { loops.firstIndex { $0 === loop } }

    /// Whether all loops are closed, for whoever has waited for that.
    var isClosed: Bool { loops.allSatisfy { $0.isClosed } }
}

extension EventLoop {
    /// Whether the loop is closed or about to be, from any thread.
    nonisolated var refusesPosts: Bool { (try? execute { _ in }) == nil }
}

extension GroupListener {
    /// Serves while a closure runs, then ends in order.
    nonisolated(nonsending) func serving<R>(
        _ handler: @escaping Listener.Handler,
        while body: nonisolated(nonsending) () async throws -> R
    ) async throws -> R {
        async let serving: Void = serve(handler)
        let result = try await body()
        try await shutdown(grace: .seconds(50))
        try await serving
        return result
    }
}

/// Returns what comes, to the end.
let echoing: Listener.Handler = { stream in
    for try await chunk in stream { try await stream.send(chunk) }
}

/// Whether as many descriptors are open as there were, but for the few that Swift's own clock opens
/// once and for all, when it likes to. For what is done at least ten times in between.
func isBackTo(_ count: Int) -> Bool { openDescriptorCount() <= count + 5 }
