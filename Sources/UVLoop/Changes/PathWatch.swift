import CUV

/// Calls a handler when something changes at a path: the file-system events of libuv as they are.
///
/// ```swift
/// let watch = try PathWatch(loop) { event in print(event.name ?? "?", event.kinds) }
/// try watch.start("notes")
/// ```
///
/// What it watches is the *file* that the path leads to when it starts. Editors save by writing a
/// new file and giving it the old one's name; then this still watches the old file, which nobody
/// sees any more. So to follow one file, watch its directory and look at the names, or let
/// ``FileSystem/watchFile(_:)`` do that. A file that is removed is said to be
/// ``PathEvent/Kinds/renamed``, with its own name, and nothing comes after that.
///
/// On Linux only the directory itself is watched, not those in it, and of a directory's own
/// removal the name is that of the directory. Nothing comes from files that other machines change
/// on a network's file system, nor from `/proc`; ``StatusPoll`` finds those.
///
/// Binds `uv_fs_event_t`.
public final class PathWatch: Handle {
    /// What has happened, as far as the system tells.
    public struct PathEvent: Hashable, Sendable {
        /// What can happen.
        public struct Kinds: OptionSet, Hashable, Sendable {
            /// The bits of `uv_fs_event`.
            public let rawValue: UInt32
            /// Of the bits of `uv_fs_event`.
            public init(rawValue: UInt32) { self.rawValue = rawValue }

            /// Something was made, removed or renamed, or took another's place. `UV_RENAME`.
            public static let renamed = Kinds(rawValue: UV_RENAME.rawValue)
            /// Its bytes or attributes have changed. `UV_CHANGE`.
            public static let changed = Kinds(rawValue: UV_CHANGE.rawValue)
        }

        /// The name in the directory that is watched; of a watched file, or of the directory
        /// itself, its own. Nil if the system does not tell.
        public let name: String?
        /// What has happened.
        public let kinds: Kinds
    }

    /// What is called: with an error if watching fails, which it then does not go on with.
    public typealias Handler = (Result<PathEvent, FileError>) throws -> Void

    private let handler: Handler
    private var watchedPath: String?
    /// Called once it is closed; for the watches of tasks.
    var whenClosed: (() -> Void)?

    /// Makes one at rest. Stops the program when called off the loop's thread.
    ///
    /// Binds `uv_fs_event_init`.
    ///
    /// - Parameter handler: what to call, on the loop's thread. If it throws, the loop's exception
    ///   handler gets the error.
    /// - Throws: ``UVError/canceled`` on a loop that is closed.
    public init(
        _ loop: EventLoop, file: StaticString = #fileID, line: UInt = #line,
        _ handler: @escaping Handler
    ) throws(UVError) {
        self.handler = handler
        try super.init(loop, uv_fs_event_t.self, madeAt: SourcePlace(file: file, line: line)) {
            uv_fs_event_init($0, $1)
        }
    }

    /// Begins to watch, another path if it watches one already.
    ///
    /// Binds `uv_fs_event_start`.
    ///
    /// - Throws: ``FileError`` with ``UVError/noSuchFileOrDirectory``, ``UVError/noSpace`` if the
    ///   system's number of watches is used up, or ``UVError/badFileDescriptor`` after
    ///   ``Handle/close()``.
    public func start(_ path: String) throws(FileError) {
        stop()
        let callback: uv_fs_event_cb = { handle, name, events, status in
            let watch = unsafeDowncast(
                Unmanaged<Handle>.fromOpaque(handle!.pointee.data).takeUnretainedValue(),
                to: PathWatch.self)
            watch.happened(name, events, status)
        }
        try beginWatching(path) {
            uv_fs_event_start(memory(as: uv_fs_event_t.self), callback, path, 0)
        }
        watchedPath = path
    }

    /// Ceases to watch. Idempotent; it can be started again. Binds `uv_fs_event_stop`.
    public func stop() {
        guard isOpen, watchedPath != nil else { return }
        watchedPath = nil
        uv_fs_event_stop(memory(as: uv_fs_event_t.self))
        releaseByLoop()
    }

    /// What is watched, nil if nothing is. Stands for `uv_fs_event_getpath`.
    public var path: String? { isOpen ? watchedPath : nil }

    private func happened(_ name: UnsafePointer<CChar>?, _ events: Int32, _ status: Int32) {
        guard let watchedPath else { return }
        let result: Result<PathEvent, FileError>
        if status < 0 {
            result = .failure(FileError(.watch, watchedPath, UVError(rawValue: status)))
            stop()
        } else {
            result = .success(
                PathEvent(
                    name: name.map { String(cString: $0) },
                    kinds: .init(rawValue: UInt32(bitPattern: events))))
        }
        loop.core.guarded(.watch("PathWatch"), madeAt: debugPlace) { try handler(result) }
        loop.core.drainIfNeeded()
    }

    override func didClose() {
        if let whenClosed = whenClosed.take() { whenClosed() }
    }
}

extension Handle {
    /// Puts a handle to work that watches what is at a path.
    ///
    /// - Parameter start: `uv_fs_event_start` or `uv_fs_poll_start`.
    /// - Throws: ``FileError``, also for a handle that is closed and for what is no path.
    final func beginWatching(_ path: String, _ start: () -> Int32) throws(FileError) {
        do throws(UVError) {
            try checkOpen()
            guard !path.utf8.contains(0) else { throw .invalidArgument }
            holdByLoop()
            let result = start()
            if result < 0 { releaseByLoop() }
            try UVError.check(result)
        } catch {
            throw FileError(.watch, path, error)
        }
    }
}
