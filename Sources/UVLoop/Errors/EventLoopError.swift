/// What can be wrong with using an ``EventLoop`` itself, as against what the system refused
/// (``UVError``) and what happens to streams (``StreamError``).
public enum EventLoopError: Error, Hashable, Sendable {
    /// The loop has been closed: it takes no more work.
    case closed
    /// The loop is running already, or the calling thread is running one: runs do not nest, and a
    /// running loop cannot be closed from inside.
    case running
    /// The loop belongs to another thread: only the thread that made it may run and close it.
    case wrongThread
    /// ``EventLoop/stop()`` ended a run before its closure was finished.
    case stopped
    /// The loop has replaced Swift's default one, and is never closed: jobs come to it as long as
    /// the process lives. Nor does it go on in a forked child.
    case installed
    /// The time that ``EventLoop/withTimeout(_:_:)`` gave its closure was over.
    case timedOut
}

extension EventLoopError: CustomStringConvertible {
    /// A sentence that says what was wrong.
    public var description: String {
        switch self {
        case .closed: "the event loop is closed"
        case .running: "an event loop is already running on this thread"
        case .wrongThread: "the event loop belongs to another thread"
        case .stopped: "the event loop was stopped before its closure was finished"
        case .installed:
            "the event loop is Swift's default one, not to be closed, nor used after a fork"
        case .timedOut: "the time was over"
        }
    }
}
