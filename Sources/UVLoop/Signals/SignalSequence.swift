import CUV

/// The signals that the process gets, as a sequence for tasks; made by `EventLoop.signals`.
///
/// ```swift
/// for await signal in try await loop.signals(.hangUp, .terminate) {
///     if signal == .terminate { break }
///     await readConfiguration()
/// }
/// ```
///
/// The signals are watched from the making on, and until the sequence is closed or nobody refers to
/// it any more: then they do again what they do by default.
///
/// **Coalescing.** Of each signal one is kept until somebody takes it; more of the same are that
/// one, as they are to the system. So at most as many wait as there are kinds.
///
/// **The end** comes with ``close()``, when the loop closes, and in a cancelled task, each after
/// what waits has been taken, but for the last. Of several tasks that iterate, one gets a signal.
public final class SignalSequence: AsyncSequence, Sendable {
    /// A signal.
    public typealias Element = Signal
    /// None: the sequence ends.
    public typealias Failure = Never

    private let loop: EventLoop
    // Sound: touched on the loop's thread only, which everything that leads to it checks.
    nonisolated(unsafe) private let queue: SignalQueue

    /// On the loop's thread.
    init(_ loop: EventLoop, _ signals: [Signal], _ place: SourcePlace) throws(UVError) {
        self.loop = loop
        queue = SignalQueue(loop)
        try queue.watch(signals, place)
    }

    deinit { close() }

    /// Ceases to watch; iterating ends. Idempotent, from any thread.
    public func close() {
        if loop.isOnThread { return queue.close() }
        // Sound: passed on to the loop's thread. A closed loop has closed the watches.
        nonisolated(unsafe) let queue = queue
        try? loop.execute { _ in queue.close() }
    }

    /// Takes one signal after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let sequence: SignalSequence

        /// Waits for a signal; nil at the end, and in a cancelled task.
        public mutating func next() async -> Signal? { await sequence.next() }

        /// The same, where the caller is.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> Signal? {
            await sequence.next()
        }
    }

    /// Begins with what waits.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(sequence: self) }

    private nonisolated(nonsending) func next() async -> Signal? {
        guard loop.isHome() else {
            return (try? await loop.visit { await self.next() }) ?? nil
        }
        return await queue.next()
    }
}

/// What a ``SignalSequence`` has on the loop.
private final class SignalQueue {
    private var watches: [SignalWatch] = []
    private var waiting: [Signal] = []
    private var isClosed = false
    private let takers = WaiterList()
    private let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    /// Watches all, or none.
    func watch(_ signals: [Signal], _ place: SourcePlace) throws(UVError) {
        do throws(UVError) {
            for signal in Set(signals) {
                let watch = try SignalWatch(loop, signal, file: place.file, line: place.line) {
                    self.received(signal)
                }
                watch.whenClosed = { self.close() }
                watches.append(watch)
                try watch.start()
            }
        } catch {
            close()
            throw error
        }
    }

    private func received(_ signal: Signal) {
        if !waiting.contains(signal) { waiting.append(signal) }
        takers.resumeAll(loop.core)
    }

    func close() {
        isClosed = true
        // With them go their references to this.
        for watch in watches {
            watch.whenClosed = nil
            watch.close()
        }
        watches = []
        takers.resumeAll(loop.core)
    }

    nonisolated(nonsending) func next() async -> Signal? {
        while !Task.isCancelled {
            if !waiting.isEmpty { return waiting.removeFirst() }
            guard !isClosed, !loop.isClosed else { return nil }
            do { try await takers.wait(on: loop) } catch { return nil }
        }
        return nil
    }
}

extension EventLoop {
    /// Watches signals, from any task: what comes from now on is in the sequence.
    ///
    /// Binds `uv_signal_start`.
    ///
    /// - Throws: ``UVError/invalidArgument`` for a number that is no signal, and for the signals
    ///   that cannot be watched, ``Signal/kill`` and ``Signal/stop``;
    ///   ``EventLoopError/closed``; `CancellationError`.
    public nonisolated(nonsending) func signals(
        _ signals: Signal..., file: StaticString = #fileID, line: UInt = #line
    ) async throws -> SignalSequence {
        try await watching(signals, SourcePlace(file: file, line: line))
    }

    private nonisolated(nonsending) func watching(
        _ signals: [Signal], _ place: SourcePlace
    ) async throws -> SignalSequence {
        guard isHome() else {
            return try await visit { try await self.watching(signals, place) }
        }
        try checkCancellation()
        guard !isClosed else { throw EventLoopError.closed }
        return try SignalSequence(self, signals, place)
    }
}
