/// What is known about a file, and what was known the last time; nil where it is not there.
public struct StatusChange: Hashable, Sendable {
    /// What was known the last time.
    public let previous: FileStatus?
    /// What is known now.
    public let current: FileStatus?
}

extension FileSystem {
    /// Follows what is known about a file by asking for it again and again: late, but also on a
    /// network's file system. The file need not be there.
    ///
    /// What changes while nobody asks is one change, from what was known the last time.
    ///
    /// Binds `uv_fs_poll_start`.
    ///
    /// - Parameter interval: how long from one look to the next; whole milliseconds, at least one.
    /// - Throws: ``FileError`` if the file cannot be looked at for another reason than that it is
    ///   not there; also what waits then.
    public nonisolated(nonsending) func pollStatus(
        of path: String, every interval: Duration
    ) async throws -> Changes<StatusChange> {
        guard loop.isHome() else {
            return try await loop.visit { try await self.pollStatus(of: path, every: interval) }
        }
        let source = StatusChangeSource(loop)
        do {
            try await source.start(self, path, interval)
        } catch {
            source.close()
            throw error
        }
        return Changes(source)
    }
}

/// What was told last about a polled file, and what is known now. Belongs to the loop's thread.
final class StatusChangeSource: ChangeSource<StatusChange> {
    private var told: FileStatus?
    private var latest: FileStatus?
    private var error: FileError?
    private var isDue = false

    nonisolated(nonsending) func start(
        _ files: FileSystem, _ path: String, _ interval: Duration
    ) async throws {
        let poll: StatusPoll
        do throws(UVError) {
            poll = try StatusPoll(loop) { [self] in looked($0) }
        } catch {
            throw FileError(.watch, path, error)
        }
        poll.whenClosed = { [self] in handleClosed() }
        adopt(poll)
        // After its first look at the file: what it finds later is then never older than this.
        try poll.start(path, every: interval)
        do {
            told = try await files.stat(path)
        } catch let error as FileError where Self.isMissing(error) {
            told = nil
        }
        if !isDue { latest = told }
    }

    private func looked(_ result: Result<StatusPoll.Change, FileError>) {
        switch result {
        case .success(let change): latest = change.current
        case .failure(let error):
            latest = nil
            self.error = Self.isMissing(error) ? nil : error
        }
        isDue = true
        signal()
    }

    private static func isMissing(_ error: FileError) -> Bool {
        [.noSuchFileOrDirectory, .notDirectory].contains(error.code)
    }

    override var hasNews: Bool { isDue }

    override nonisolated(nonsending) func take() async throws -> StatusChange? {
        isDue = false
        if let error = error.take() { throw error }
        guard told.map(Self.essence) != latest.map(Self.essence) else { return nil }
        defer { told = latest }
        return StatusChange(previous: told, current: latest)
    }

    /// What libuv compares, which is all but the time of the last access and what never changes.
    private static func essence(_ status: FileStatus) -> [AnyHashable] {
        [
            status.identity, status.creationTime, status.modificationTime, status.changeTime,
            status.size, status.kind, status.permissions,
        ]
    }
}
