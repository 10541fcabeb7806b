import CUV

extension FileSystem {
    /// The names in a directory, one after the other, in no order, without `.` and `..`.
    ///
    /// ```swift
    /// for try await entry in loop.files.entries(of: "logs") where entry.kind == .regular {
    ///     print(entry.name)
    /// }
    /// ```
    ///
    /// The directory is opened when the first is asked for, read in batches of 64, and closed at
    /// the end, or when the loop over it is left. What is made or removed meanwhile may or may not
    /// be among them.
    ///
    /// Binds `uv_fs_opendir`, `uv_fs_readdir`, `uv_fs_closedir`.
    public func entries(of path: String) -> DirectoryEntries {
        DirectoryEntries(files: self, path: path)
    }
}

/// The names in a directory; see ``FileSystem/entries(of:)``.
public struct DirectoryEntries: AsyncSequence, Sendable {
    let files: FileSystem
    let path: String

    /// Reads the directory. Who lets it go closes that.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let files: FileSystem
        private let path: String
        private var directory: OpenDirectory?
        private var batch: ArraySlice<DirectoryEntry> = []
        private var isOver = false

        init(_ files: FileSystem, _ path: String) {
            self.files = files
            self.path = path
        }

        /// The next name, nil at the end.
        ///
        /// - Throws: ``FileError``, `CancellationError`; nil follows.
        public mutating func next() async throws -> DirectoryEntry? {
            try await next(isolation: nil)
        }

        /// The next name, nil at the end.
        ///
        /// - Throws: ``FileError``, `CancellationError`; nil follows.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> DirectoryEntry? {
            if let entry = batch.popFirst() { return entry }
            guard !isOver else { return nil }
            // Unless there are more.
            isOver = true
            let directory = try await openDirectory()
            batch = try await files.run(directory.nextBatch)[...]
            isOver = batch.isEmpty
            if isOver { self.directory = nil }
            return batch.popFirst()
        }

        private mutating func openDirectory(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws -> OpenDirectory {
            if let directory { return directory }
            let opened = try await files.run(OpenDirectory.open(path))
            directory = opened
            return opened
        }
    }

    /// Iterates over the directory, from its beginning.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(files, path) }
}

/// A directory that is being read; closed when nobody refers to it.
final class OpenDirectory: Sendable {
    // Sound: used on the loop's thread only, or when there is no loop any more.
    nonisolated(unsafe) private let core: DirectoryCore

    private init(_ core: DirectoryCore) { self.core = core }

    deinit { PoolResource.leave(core) }

    /// Binds `uv_fs_opendir`.
    static func open(_ path: String) -> FileOperation<OpenDirectory> {
        // Who is given up is let go, which closes it.
        FileOperation(.readDirectory, path) {
            uv_fs_opendir($0, $1, path, $2)
        } value: { loop, _, request in
            OpenDirectory(
                DirectoryCore(
                    loop, path, request.pointee.ptr.assumingMemoryBound(to: uv_dir_t.self)))
        }
    }

    /// Some names; none at the end. One at a time. Binds `uv_fs_readdir`.
    var nextBatch: FileOperation<[DirectoryEntry]> {
        FileOperation(.readDirectory, core.path) { [self] loop, completion throws(UVError) in
            let core = core
            try core.use(on: loop)
            do throws(UVError) {
                return try FileRequest.start(loop) {
                    uv_fs_readdir($0, $1, core.directory, $2)
                } _: { result, _ in
                    core.endUse()
                    completion(
                        result.map { count in
                            (0..<count).map { DirectoryEntry(core.batch[$0]) }
                        })
                }
            } catch {
                core.endUse()
                throw error
            }
        }
    }
}

/// What libuv keeps of a directory that is being read. Belongs to the loop's thread.
private final class DirectoryCore: PoolResource {
    private static let batchSize = 64

    let directory: UnsafeMutablePointer<uv_dir_t>
    /// What libuv fills, and looks into again to free the names: so it lasts as long as this.
    let batch = UnsafeMutablePointer<uv_dirent_t>.allocate(capacity: batchSize)

    init(_ loop: EventLoop, _ path: String, _ directory: UnsafeMutablePointer<uv_dir_t>) {
        self.directory = directory
        directory.pointee.dirents = batch
        directory.pointee.nentries = Self.batchSize
        super.init(loop, path, openedAt: nil)
    }

    deinit { batch.deallocate() }

    /// To leave the loop over it is the way to close it.
    override var isReportedIfLeft: Bool { false }

    /// Binds `uv_fs_closedir`.
    override func startClosing(
        _ completion: @escaping FileRequest.Completion
    ) throws(UVError) {
        let directory = directory
        try FileRequest.start(loop, { uv_fs_closedir($0, $1, directory, $2) }, completion)
    }

    override func closeNow() {
        let directory = directory
        _ = try? callInPool { uv_fs_closedir(nil, $0, directory, nil) }
    }
}
