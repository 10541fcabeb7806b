import CUV

/// Calls a handler when what is known about a file changes: by asking for it again and again, in
/// libuv's thread pool.
///
/// It costs more than a ``PathWatch`` and is late by up to its interval, but finds everything:
/// changes on a network's file system, a file that is replaced, and one that is not there yet. Two
/// changes within an interval are one, and one that changes neither size nor any time is none.
///
/// ```swift
/// let poll = try StatusPoll(loop) { change in print(change) }
/// try poll.start("table", every: .seconds(2))
/// ```
///
/// Binds `uv_fs_poll_t`.
public final class StatusPoll: Handle {
    /// What was known and what is known now. The first after a file was missing may come with what
    /// was known before that, or with zeros.
    public struct Change: Hashable, Sendable {
        /// What was known.
        public let previous: FileStatus
        /// What is known now.
        public let current: FileStatus
    }

    /// What is called: with an error if the file cannot be looked at, once until that changes;
    /// polling goes on.
    public typealias Handler = (Result<Change, FileError>) throws -> Void

    private let handler: Handler
    private var watchedPath: String?
    /// Called once it is closed; for the watches of tasks.
    var whenClosed: (() -> Void)?

    /// Makes one at rest. Stops the program when called off the loop's thread.
    ///
    /// Binds `uv_fs_poll_init`.
    ///
    /// - Parameter handler: what to call, on the loop's thread. If it throws, the loop's exception
    ///   handler gets the error.
    /// - Throws: ``UVError/canceled`` on a loop that is closed.
    public init(
        _ loop: EventLoop, file: StaticString = #fileID, line: UInt = #line,
        _ handler: @escaping Handler
    ) throws(UVError) {
        self.handler = handler
        try super.init(loop, uv_fs_poll_t.self, madeAt: SourcePlace(file: file, line: line)) {
            uv_fs_poll_init($0, $1)
        }
    }

    /// Begins to look, at another path if it looks at one already. The file need not be there.
    ///
    /// Binds `uv_fs_poll_start`.
    ///
    /// - Parameter interval: how long from one look to the next; whole milliseconds, at least one.
    /// - Throws: ``FileError`` with ``UVError/badFileDescriptor`` after ``Handle/close()``.
    public func start(_ path: String, every interval: Duration) throws(FileError) {
        stop()
        let milliseconds = UInt32(clamping: max(1, interval.clampedNanoseconds / 1_000_000))
        let callback: uv_fs_poll_cb = { handle, status, previous, current in
            let poll = unsafeDowncast(
                Unmanaged<Handle>.fromOpaque(handle!.pointee.data).takeUnretainedValue(),
                to: StatusPoll.self)
            poll.looked(status, previous!, current!)
        }
        try beginWatching(path) {
            uv_fs_poll_start(memory(as: uv_fs_poll_t.self), callback, path, milliseconds)
        }
        watchedPath = path
    }

    /// Ceases to look. Idempotent; it can be started again. Binds `uv_fs_poll_stop`.
    public func stop() {
        guard isOpen, watchedPath != nil else { return }
        watchedPath = nil
        uv_fs_poll_stop(memory(as: uv_fs_poll_t.self))
        releaseByLoop()
    }

    /// What is looked at, nil if nothing is. Stands for `uv_fs_poll_getpath`.
    public var path: String? { isOpen ? watchedPath : nil }

    private func looked(
        _ status: Int32, _ previous: UnsafePointer<uv_stat_t>, _ current: UnsafePointer<uv_stat_t>
    ) {
        guard let watchedPath else { return }
        let result: Result<Change, FileError> =
            status < 0
            ? .failure(FileError(.watch, watchedPath, UVError(rawValue: status)))
            : .success(
                Change(
                    previous: FileStatus(previous.pointee), current: FileStatus(current.pointee)))
        loop.core.guarded(.watch("StatusPoll"), madeAt: debugPlace) { try handler(result) }
        loop.core.drainIfNeeded()
    }

    override func didClose() {
        if let whenClosed = whenClosed.take() { whenClosed() }
    }
}
