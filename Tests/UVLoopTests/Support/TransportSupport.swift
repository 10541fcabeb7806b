import CUV
import Testing

@testable import UVLoop

/// Runs a test's body on a loop with a thread of its own, so that no thread of Swift's pool blocks.
func onLoop<R: Sendable>(
    _ body: @escaping @Sendable (isolated EventLoop) async throws -> R
) async throws -> R {
    let thread = try EventLoopThread(name: "test")
    do {
        let result = try await thread.loop.perform { loop in
            loop.exceptionHandler = { _ in }
            return try await body(loop)
        }
        await thread.shutdown()
        return result
    } catch {
        await thread.shutdown()
        throw error
    }
}

/// What a wait throws whose condition never came true.
struct GaveUp: Error, CustomStringConvertible {
    let place: SourceLocation
    var description: String { "gave up waiting at \(place)" }
}

/// Lets the loop turn until a condition holds. The bound is far above what any load can need.
///
/// It looks less and less often: hundreds of tests that wait at once, each on a loop of its own,
/// would leave the machine no time for what they wait for.
func until(
    _ loop: isolated EventLoop, place: SourceLocation = #_sourceLocation,
    _ condition: () throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(50)
    var pause = Duration.milliseconds(1)
    while try !condition() {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { throw GaveUp(place: place) }
        await turns(loop, for: pause)
        pause = min(pause * 3 / 2, .milliseconds(50))
    }
}

/// The same, for what holds for a moment only: looks again and again. In a task that prefers the
/// loop in each turn, in others nearly.
func yield(_ loop: isolated EventLoop, until condition: () -> Bool) async throws {
    while !condition() {
        // At the test's time limit.
        try Task.checkCancellation()
        await Task.yield()
    }
}

/// Lets the loop turn for a while: only to give something that must not happen its chance.
func turns(_ loop: isolated EventLoop, for duration: Duration) async {
    await withCheckedContinuation { continuation in
        _ = loop.callLater(duration) { continuation.resume() }
    }
}

/// Runs blocking code on a thread of its own.
func offThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        startThread { continuation.resume(with: Result(catching: body)) }
    }
}

/// What the loop reported to its exception handler.
final class Reports {
    private(set) var contexts: [ExceptionContext] = []

    init(_ loop: EventLoop) {
        loop.exceptionHandler = { self.contexts.append($0) }
    }

    var sources: [CallbackSource] { contexts.map(\.source) }
    func count(of source: CallbackSource) -> Int { sources.count { $0 == source } }
}

/// An error that tests throw and find again.
struct Mishap: Error, Equatable {
    let name: String
    init(_ name: String = "") { self.name = name }
}

extension SocketAddress {
    static let anyPortIPv4 = try! SocketAddress(ip: "127.0.0.1", port: 0)
    static let anyPortIPv6 = try! SocketAddress(ip: "::1", port: 0)
}
