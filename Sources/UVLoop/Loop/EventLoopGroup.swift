import CUV
import Synchronization

/// Several event loops, each on a thread of its own, that share nothing.
///
/// ```swift
/// let group = try EventLoopGroup()
/// let listener = try await group.listen(on: .host(nil, port: 7000))
/// try await listener.serve { stream in … }
/// await group.shutdown()
/// ```
///
/// What lives on one of the loops stays there: a connection is served by the loop that it came to,
/// for as long as it lasts, and no loop takes work from another. So each loop's code is that of a
/// program with one loop, and needs no locks; what connections of several loops have in common has
/// to be an actor, or guarded.
///
/// Keep the group for as long as the loops are to run. Without ``shutdown()``, its threads end by
/// themselves, as that of an ``EventLoopThread``, once nothing refers to it any more: not at once,
/// but when each has heard of it and closed its loop.
public final class EventLoopGroup: Sendable {
    /// The loops, which run until ``shutdown()``. Never empty.
    public let loops: [EventLoop]
    private let threads: [EventLoopThread]
    private let turn = Atomic<UInt>(0)

    /// How many threads the system lets this process run at a time; at least 1.
    ///
    /// Where libuv does not heed them, a container's limits of CPU time do not count.
    /// Binds `uv_available_parallelism`.
    public static var usableCoreCount: Int { max(1, Int(uv_available_parallelism())) }

    /// Starts the threads, and returns once their loops are there.
    ///
    /// - Parameters:
    ///   - count: how many loops; at first as many as there are cores to run them.
    ///   - name: what debuggers call the threads, each with its number: `io 0`, `io 1`, …; cut so
    ///     that the number fits into 15 bytes.
    /// - Throws: what the system refuses, and those that have been started end then;
    ///   ``UVError/invalidArgument`` for fewer than one.
    public init(
        count: Int = EventLoopGroup.usableCoreCount, name: String = "UVLoop"
    ) throws(UVError) {
        guard count > 0 else { throw .invalidArgument }
        var threads: [EventLoopThread] = []
        for number in 0..<count {
            threads.append(try EventLoopThread(name: Self.name(name, number)))
        }
        self.threads = threads
        loops = threads.map(\.loop)
    }

    private static func name(_ name: String, _ number: Int) -> String {
        var name = name
        while name.utf8.count + "\(number)".utf8.count > 14, !name.isEmpty { name.removeLast() }
        return "\(name) \(number)"
    }

    // MARK: Using the loops

    /// One of the loops, each in its turn. From any thread.
    public func next() -> EventLoop {
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(turn % UInt(loops.count))]
    }

    /// Runs a closure on every loop, isolated to it, on all of them at the same time.
    ///
    /// ```swift
    /// try await group.performOnAll { loop in loop.exceptionHandler = log }
    /// ```
    ///
    /// - Returns: what the closures return, in the order of ``loops``.
    /// - Throws: when all have ended, what the first of them in that order has thrown, which is
    ///   ``EventLoopError/closed`` if its loop is closed.
    @discardableResult
    public func performOnAll<R: Sendable>(
        _ body: @escaping @Sendable (isolated EventLoop) async throws -> R
    ) async throws -> [R] {
        let results = await withTaskGroup(of: (Int, Result<R, any Error>).self) { group in
            for (index, loop) in loops.enumerated() {
                group.addTask(executorPreference: loop.loopTaskExecutor) {
                    do {
                        return (index, .success(try await loop.perform { try await body($0) }))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results: [Int: Result<R, any Error>] = [:]
            for await (index, result) in group { results[index] = result }
            return results
        }
        return try loops.indices.map { try results[$0]!.get() }
    }

    // MARK: Ending

    /// Ends all loops in order, at the same time, and returns when they are closed: as
    /// ``EventLoopThread/shutdown()`` says, to which this adds nothing.
    ///
    /// Connections that are open are aborted, and tasks that serve them are not waited for. To end
    /// those in order, call ``GroupListener/shutdown(grace:)`` or ``GroupServer/shutdown(grace:)``
    /// first. What goes wrong on the way is reported to the loops' exception handlers, as it is
    /// when a loop closes; nothing keeps a loop from being closed but a callback that does not
    /// return.
    ///
    /// Idempotent, from anywhere but a callback of one of the loops; not cut short by cancellation.
    /// Posts are refused afterwards, with ``EventLoopError/closed``.
    public func shutdown() async {
        for thread in threads { thread.stop() }
        for thread in threads { await thread.shutdown() }
    }
}
