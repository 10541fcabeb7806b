/// What happens to a file or a directory, for one task to iterate over.
///
/// ```swift
/// for try await change in try await loop.files.watchFile("settings.txt") { reload(change) }
/// ```
///
/// Made by ``FileSystem/watchFile(_:)``, ``FileSystem/watchDirectory(_:)`` and
/// ``FileSystem/pollStatus(of:every:)``, and at work from then on: what happens before somebody
/// iterates is not lost. Nothing piles up, either: what happens while nobody asks is put together,
/// as the three say.
///
/// It ends, with nil, by ``close()`` and when its loop closes. One that nobody refers to any more
/// closes by itself. Each wait is a cancellation point, and a cancelled one loses nothing. A second
/// task that asks meanwhile gets ``StreamError/busy``.
public final class Changes<Element: Sendable>: AsyncSequence, Sendable {
    /// The loop that it lives on.
    public let loop: EventLoop
    // Sound: used on the loop's thread only.
    nonisolated(unsafe) private let source: ChangeSource<Element>

    /// Begins to watch; on the loop's thread.
    nonisolated(nonsending) init(_ source: ChangeSource<Element>) async throws {
        do {
            try await source.start()
        } catch {
            source.close()
            throw error
        }
        loop = source.loop
        self.source = source
    }

    deinit { close() }

    /// Ends it, from any thread. Idempotent.
    public func close() {
        // Sound: passed on to the loop's thread. A closed loop has closed it.
        nonisolated(unsafe) let source = source
        if loop.isOnThread { source.close() } else { try? loop.execute { _ in source.close() } }
    }

    /// Waits for the next change.
    ///
    /// - Returns: nil once it is closed.
    /// - Throws: ``FileError`` if it cannot go on, such as with ``UVError/noSuchFileOrDirectory``
    ///   when the directory itself is gone: nil follows. ``StreamError/busy``; `CancellationError`.
    public nonisolated(nonsending) func next() async throws -> Element? {
        guard loop.isHome() else { return try await loop.visit { try await self.next() } }
        return try await source.next()
    }

    /// Waits for one change after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let changes: Changes

        /// As ``Changes/next()``.
        public mutating func next() async throws -> Element? { try await next(isolation: nil) }

        /// As ``Changes/next()``.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> Element? {
            try await changes.next()
        }
    }

    /// Iterates over what happens from now on, and what has not been asked for yet.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(changes: self) }
}

/// Where ``Changes`` come from: a handle that watches, and the task that waits for it. Belongs to
/// the loop's thread; the base of the three kinds.
class ChangeSource<Element: Sendable> {
    let loop: EventLoop
    private let room = WaitingRoom()
    private var handle: Handle?
    private var isBusy = false
    private(set) var isOver = false

    init(_ loop: EventLoop) { self.loop = loop }

    /// Begins to watch.
    nonisolated(nonsending) func start() async throws { fatalError("has to be overridden") }

    /// What has happened; nil if that is nothing after all.
    nonisolated(nonsending) func take() async throws -> Element? {
        fatalError("has to be overridden")
    }

    /// Whether ``take()`` may find something.
    var hasNews: Bool { fatalError("has to be overridden") }

    /// The handle that brings the news, and refers to this until it is closed.
    final func adopt(_ handle: Handle) { self.handle = handle }

    /// Wakes who waits: there is news.
    final func signal() { room.wake(loop.core) }

    final func close() {
        isOver = true
        handle.take()?.close()
        signal()
    }

    /// The handle is gone.
    final func handleClosed() {
        handle = nil
        isOver = true
        signal()
    }

    private nonisolated(nonsending) func takeOrEnd() async throws -> Element? {
        do {
            return try await take()
        } catch let error as FileError {
            close()
            throw error
        }
    }

    nonisolated(nonsending) final func next() async throws -> Element? {
        guard !isBusy else { throw StreamError.busy }
        isBusy = true
        defer { isBusy = false }
        while true {
            try checkCancellation()
            if isOver { return nil }
            if hasNews {
                if let element = try await takeOrEnd() { return element }
            } else if await room.wait(on: loop) == .cancelled, !isOver {
                throw CancellationError()
            }
        }
    }
}

extension FileSystem {
    /// What is known about a file; nil if it is not there.
    nonisolated(nonsending) func statIfPresent(_ path: String) async throws -> FileStatus? {
        do {
            return try await stat(path)
        } catch let error as FileError where error.isAboutMissing {
            return nil
        }
    }
}

extension FileError {
    /// Whether there is nothing at the path.
    var isAboutMissing: Bool { [.noSuchFileOrDirectory, .notDirectory].contains(code) }
}
