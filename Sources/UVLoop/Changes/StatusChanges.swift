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
        return try await Changes(StatusChangeSource(self, path, interval))
    }
}

/// What was told last about a polled file, and what is known now. Belongs to the loop's thread.
final class StatusChangeSource: ChangeSource<StatusChange> {
    private let files: FileSystem
    private let path: String
    private let interval: Duration
    private var told: FileStatus?
    private var latest: FileStatus?
    private var error: FileError?
    private var isDue = false

    init(_ files: FileSystem, _ path: String, _ interval: Duration) {
        self.files = files
        self.path = path
        self.interval = interval
        super.init(files.loop)
    }

    override nonisolated(nonsending) func start() async throws {
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
        told = try await files.statIfPresent(path)
        if !isDue { latest = told }
    }

    private func looked(_ result: Result<StatusPoll.Change, FileError>) {
        switch result {
        case .success(let change): latest = change.current
        case .failure(let error):
            latest = nil
            self.error = error.isAboutMissing ? nil : error
        }
        isDue = true
        signal()
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
