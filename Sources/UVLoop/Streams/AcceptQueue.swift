/// The connections that a ``Listener`` has accepted and nobody has taken yet. Belongs to the loop's
/// thread.
///
/// Only a few are accepted ahead; the other clients wait in the system's backlog.
final class AcceptQueue {
    private static let mostAhead = 16

    /// Set once, before anything is accepted. Sound: whoever has this has the server, too.
    unowned(unsafe) var server: TCPServer!
    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.
    @exclusivity(unchecked) private var streams = Fifo<SocketStream>()
    @exclusivity(unchecked) private(set) var isClosed = false
    private let taker = WaitingRoom()
    /// Whether a task takes connections.
    @exclusivity(unchecked) private(set) var isTaking = false

    func accepted(_ stream: SocketStream) {
        guard !isClosed else { return stream.abort() }
        streams.append(stream)
        if streams.count >= Self.mostAhead { server.setWanted(false) }
        // Not at once: it takes all that are accepted together.
        taker.wake(server.loop.core)
    }

    /// Waits for a connection; nil once the listener is closed.
    ///
    /// - Parameter isCovered: whether somebody watches the cancellation of the calling task, and
    ///   ends its wait by ``cancelWait(_:)``.
    nonisolated(nonsending) func next(
        on loop: EventLoop, isCovered: Bool = false
    ) async throws -> SocketStream? {
        try checkCancellation()
        if isTaking { throw StreamError.busy }
        isTaking = true
        defer { isTaking = false }
        while true {
            if let stream = streams.takeFirst() {
                if streams.count < Self.mostAhead { server.setWanted(true) }
                return stream
            }
            if isClosed || loop.isClosed { return nil }
            if isCovered {
                taker.prepare(isolation: #isolation, on: loop.core)
                await loop.core.parking.wait()
                loop.assertOnThread()
                if taker.outcome == .cancelled { throw CancellationError() }
            } else if await taker.wait(on: loop) == .cancelled {
                throw CancellationError()
            }
        }
    }

    /// Ends the wait of a cancelled task.
    func cancelWait(_ core: LoopCore) {
        if taker.isCovered { taker.wake(core, .cancelled) }
    }

    /// Nobody takes connections any more: those that wait are aborted.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for stream in streams.takeAll() { stream.abort() }
        taker.wake(server.loop.core)
    }
}
