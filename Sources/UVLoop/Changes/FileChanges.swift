/// What has become of a file since the last time.
public enum FileChange: Hashable, Sendable {
    /// It is there, and was not.
    case created(FileStatus)
    /// Its bytes or attributes are others.
    case changed(FileStatus)
    /// Another file has its name: so do editors and rotated logs. Who has the old one open still
    /// reads that.
    case replaced(FileStatus)
    /// It is not there any more.
    case removed
}

extension FileSystem {
    /// Follows what is at a path: as a file that need not be there yet, and whichever has the name.
    ///
    /// ```swift
    /// for try await change in try await loop.files.watchFile("settings.txt") {
    ///     if case .removed = change { continue }
    ///     settings = try await loop.files.readText("settings.txt")
    /// }
    /// ```
    ///
    /// **Why its directory is watched.** The system watches files, not names. Many programs save by
    /// writing a new file and renaming it over the old one; a watch on the old one says so once and
    /// then never anything again. So this watches the directory, looks only at the name, and asks
    /// for the file's status each time. A save by renaming is ``FileChange/replaced(_:)``, and the
    /// next one, too.
    ///
    /// What happens between two looks is one change, by what is there then. The file itself is
    /// looked at, not what a link leads to in another directory: watch its
    /// ``realPath(_:)`` for that.
    ///
    /// Binds `uv_fs_event_start`, `uv_fs_stat`.
    ///
    /// - Throws: ``FileError`` if there is no such directory. When that is removed or renamed
    ///   later, what waits throws it with ``UVError/noSuchFileOrDirectory``.
    public nonisolated(nonsending) func watchFile(
        _ path: String
    ) async throws -> Changes<FileChange> {
        guard loop.isHome() else {
            return try await loop.visit { try await self.watchFile(path) }
        }
        return try await Changes(FileChangeSource(self, path))
    }
}

/// The watch on the directory of a file. Belongs to the loop's thread.
final class FileChangeSource: ChangeSource<FileChange> {
    private let files: FileSystem
    private let path: String
    private let parts: PathParts
    private let directory: WatchedDirectory
    private var known: FileStatus?
    /// Whether the file has to be looked at, and its directory.
    private var isFileSuspect = false
    private var isDirectorySuspect = false

    init(_ files: FileSystem, _ path: String) {
        self.files = files
        self.path = path
        parts = PathParts(path)
        directory = WatchedDirectory(files, parts.directory)
        super.init(files.loop)
    }

    override nonisolated(nonsending) func start() async throws {
        try await directory.watch(for: self) { [self] event in
            let isOwn = directory.mayBeItself(event)
            guard isOwn || event.name == nil || event.name == parts.name else { return }
            isFileSuspect = true
            if isOwn { isDirectorySuspect = true }
            signal()
        }
        isFileSuspect = false
        known = try await files.statIfPresent(path)
    }

    override var hasNews: Bool { isFileSuspect || isDirectorySuspect || directory.error != nil }

    override nonisolated(nonsending) func take() async throws -> FileChange? {
        if isFileSuspect {
            isFileSuspect = false
            let found: FileStatus?
            do {
                found = try await files.statIfPresent(path)
            } catch {
                isFileSuspect = true
                throw error
            }
            let change = Self.change(from: known, to: found)
            known = found
            if let change { return change }
        }
        if isDirectorySuspect || directory.error != nil {
            try await directory.check()
            isDirectorySuspect = false
        }
        return nil
    }

    static func change(from old: FileStatus?, to new: FileStatus?) -> FileChange? {
        switch (old, new) {
        case (nil, nil): nil
        case (nil, let new?): .created(new)
        case (_?, nil): .removed
        case (let old?, let new?):
            // A number may be given to another file at once, but not made at the same time.
            if old.identity != new.identity || old.creationTime != new.creationTime {
                .replaced(new)
            } else if old.size != new.size || old.modificationTime != new.modificationTime
                || old.changeTime != new.changeTime
            {
                .changed(new)
            } else {
                nil
            }
        }
    }
}
