/// What has happened in a directory since the last time.
public struct DirectoryChange: Hashable, Sendable {
    /// The name in the directory. Nil if too much has happened, or the system does not tell: all of
    /// the directory has to be looked at then.
    public let name: String?
    /// What has happened to it: ``PathWatch/PathEvent/Kinds/renamed`` if it came, went, or was
    /// replaced, ``PathWatch/PathEvent/Kinds/changed`` if its bytes or attributes are others. Of a
    /// directory in it, the first may come with the second and not be true (libuv on Linux).
    public let kinds: PathWatch.PathEvent.Kinds
}

extension FileSystem {
    /// Follows what happens in a directory, not in those below it.
    ///
    /// What happens to one name while nobody asks is one change. When more than 1,024 names wait,
    /// there is one change without a name instead.
    ///
    /// Binds `uv_fs_event_start`.
    ///
    /// - Throws: ``FileError`` if there is no such directory. When it is removed or renamed later,
    ///   what waits throws it with ``UVError/noSuchFileOrDirectory``, after all changes.
    public nonisolated(nonsending) func watchDirectory(
        _ path: String
    ) async throws -> Changes<DirectoryChange> {
        guard loop.isHome() else {
            return try await loop.visit { try await self.watchDirectory(path) }
        }
        return try await Changes(DirectoryChangeSource(self, path))
    }
}

/// The watch on a directory, and the names that nobody has asked for yet. Belongs to the loop's
/// thread.
final class DirectoryChangeSource: ChangeSource<DirectoryChange> {
    private let directory: WatchedDirectory
    private var pending = PendingNames(limit: 1_024)
    private var isDirectorySuspect = false

    init(_ files: FileSystem, _ path: String) {
        directory = WatchedDirectory(files, path)
        super.init(files.loop)
    }

    override nonisolated(nonsending) func start() async throws {
        try await directory.watch(for: self) { [self] event in
            if directory.mayBeItself(event) { isDirectorySuspect = true }
            pending.add(event.name, event.kinds)
            signal()
        }
    }

    override var hasNews: Bool { !pending.isEmpty || isDirectorySuspect || directory.error != nil }

    override nonisolated(nonsending) func take() async throws -> DirectoryChange? {
        // First: what it says of itself is no change in it.
        if isDirectorySuspect, pending.isLastOne {
            try await directory.check()
            isDirectorySuspect = false
        }
        if let change = pending.takeFirst() { return change }
        try await directory.check()
        isDirectorySuspect = false
        return nil
    }
}

/// Names to which something has happened, in order, each once; as a value.
struct PendingNames {
    /// Stands for all names.
    private static var all: String? { nil }

    private let limit: Int
    private var order = Fifo<String?>()
    private var kinds: [String?: PathWatch.PathEvent.Kinds] = [:]

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { order.isEmpty }
    var isLastOne: Bool { order.count <= 1 }

    mutating func add(_ name: String?, _ new: PathWatch.PathEvent.Kinds) {
        let name = kinds[Self.all] == nil ? name : Self.all
        if let old = kinds[name] {
            kinds[name] = old.union(new)
        } else if order.count < limit, name != nil {
            kinds[name] = new
            order.append(name)
        } else {
            order = Fifo()
            order.append(Self.all)
            kinds = [Self.all: [.renamed, .changed]]
        }
    }

    mutating func takeFirst() -> DirectoryChange? {
        guard let name = order.takeFirst() else { return nil }
        return DirectoryChange(name: name, kinds: kinds.removeValue(forKey: name) ?? [])
    }
}
