/// The connections that a ``Listener`` has accepted and nobody has taken yet. Belongs to the loop's
/// thread.
///
/// Only a few are accepted ahead; the other clients wait in the system's backlog.
final class AcceptQueue {
    private static let mostAhead = 16

    /// Set once, before anything is accepted. Sound: whoever has this has the server, too.
    unowned(unsafe) var server: TCPServer!
    private var streams: ArraySlice<SocketStream> = []
    private(set) var isClosed = false
    private let taker = WaitingRoom()
    /// Whether a task takes connections.
    private(set) var isTaking = false

    func accepted(_ stream: SocketStream) {
        guard !isClosed else { return stream.abort() }
        streams.append(stream)
        if streams.count >= Self.mostAhead { server.setWanted(false) }
        taker.wakeNow(stream.loop.core)
    }

    /// Waits for a connection; nil once the listener is closed.
    nonisolated(nonsending) func next(on loop: EventLoop) async throws -> SocketStream? {
        try checkCancellation()
        if isTaking { throw StreamError.busy }
        isTaking = true
        defer { isTaking = false }
        while true {
            if let stream = streams.popFirst() {
                if streams.count < Self.mostAhead { server.setWanted(true) }
                return stream
            }
            if isClosed || loop.isClosed { return nil }
            if await taker.wait(on: loop) == .cancelled { throw CancellationError() }
        }
    }

    /// Nobody takes connections any more: those that wait are aborted.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        let left = streams
        streams = []
        for stream in left { stream.abort() }
        taker.wake(server.loop.core)
    }
}
