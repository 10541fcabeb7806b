/// Which of Swift's executors ``EventLoop/install(_:)`` replaces.
public enum InstallMode: Sendable, Hashable {
    /// The main actor and the global executor: everything without an executor of its own runs on
    /// the main thread. No task ever changes threads; computation gets no second core but by being
    /// sent there.
    case single
    /// The main actor alone; what has no isolation stays on the threads of Dispatch.
    case mainOnly
}

/// Why Swift's default loop could not be replaced.
public enum InstallError: Error, Hashable, Sendable {
    /// The caller is not on the main thread: a task that has been suspended before, a thread of its
    /// own, a dispatch queue. Put `try EventLoop.install()` on the first line of `main`, before any
    /// `await`.
    case notOnMainThread
    /// It has been installed in the other mode.
    case installedOtherwise(InstallMode)
}

extension InstallError: CustomStringConvertible {
    /// A sentence that says what was wrong, and what to do.
    public var description: String {
        switch self {
        case .notOnMainThread:
            """
            EventLoop.install() has to be called on the main thread, before anything is awaited: \
            put it on the first line of main
            """
        case .installedOtherwise(let mode):
            "the event loop has already been installed, in the mode .\(mode)"
        }
    }
}
