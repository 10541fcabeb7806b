import CUV

/// A name in a directory.
public struct DirectoryEntry: Hashable, Sendable {
    /// The name, without the directory. Bytes that are not UTF-8 are replaced, and lead nowhere.
    public let name: String
    /// Of what kind it is; a symbolic link is not followed.
    public let kind: FileKind

    init(_ found: uv_dirent_t) {
        name = String(cString: found.name)
        kind = FileKind(found.type)
    }
}

extension FileOperation where Value == Void {
    /// The operation of ``FileSystem/makeDirectory(_:permissions:withParents:)``. Binds
    /// `uv_fs_mkdir`.
    public static func makeDirectory(
        _ path: String, permissions: FilePermissions = 0o777, withParents: Bool = false
    ) -> Self {
        guard withParents else {
            return Self(.makeDirectory, path) {
                uv_fs_mkdir($0, $1, path, Int32(permissions.rawValue), $2)
            }
        }
        return Self(.makeDirectory, path) { _ throws(UVError) in
            try makeWithParents(path, permissions)
        }
    }

    private static func makeWithParents(
        _ path: String, _ permissions: FilePermissions
    ) throws(UVError) {
        do throws(UVError) {
            try make(path, permissions)
        } catch .noSuchFileOrDirectory {
            let parent = PathParts(path).directory
            // Nothing is left to be made.
            guard parent != path, parent != "." else { throw .noSuchFileOrDirectory }
            try makeWithParents(parent, permissions)
            try make(path, permissions)
        }
    }

    /// Makes a directory that may be there.
    private static func make(_ path: String, _ permissions: FilePermissions) throws(UVError) {
        do throws(UVError) {
            try callInPool { uv_fs_mkdir(nil, $0, path, Int32(permissions.rawValue), nil) }
        } catch .fileExists {
            let found = try callInPool {
                uv_fs_stat(nil, $0, path, nil)
            } _: {
                FileStatus($0.pointee.statbuf)
            }
            guard found.kind == .directory else { throw .fileExists }
        }
    }

    /// The operation of ``FileSystem/removeDirectory(_:recursively:)``. Binds `uv_fs_rmdir`.
    public static func removeDirectory(_ path: String, recursively: Bool = false) -> Self {
        guard recursively else {
            return Self(.removeDirectory, path) { uv_fs_rmdir($0, $1, path, $2) }
        }
        return Self(.removeDirectory, path) { flag throws(UVError) in
            try removeTree(path, flag)
        }
    }

    private static func removeTree(
        _ path: String, _ flag: CancellationFlag
    ) throws(UVError) {
        for entry in try listInPool(path) {
            try flag.check()
            let inner = "\(path)/\(entry.name)"
            do throws(UVError) {
                // A file system that does not tell kinds lets both be tried.
                if entry.kind == .directory {
                    try removeTree(inner, flag)
                } else {
                    try callInPool { uv_fs_unlink(nil, $0, inner, nil) }
                }
            } catch .isDirectory {
                try removeTree(inner, flag)
            }
        }
        try callInPool { uv_fs_rmdir(nil, $0, path, nil) }
    }
}

extension FileOperation where Value == [DirectoryEntry] {
    /// The operation of ``FileSystem/readDirectory(_:)``. Binds `uv_fs_scandir`,
    /// `uv_fs_scandir_next`.
    public static func readDirectory(_ path: String) -> Self {
        Self(.readDirectory, path) {
            uv_fs_scandir($0, $1, path, 0, $2)
        } value: { _, count, request in
            entries(request, count)
        }
    }
}

private func entries(
    _ request: UnsafeMutablePointer<uv_fs_t>, _ count: Int
) -> [DirectoryEntry] {
    var list: [DirectoryEntry] = []
    list.reserveCapacity(count)
    var entry = uv_dirent_t()
    while uv_fs_scandir_next(request, &entry) == 0 { list.append(DirectoryEntry(entry)) }
    return list
}

private func listInPool(_ path: String) throws(UVError) -> [DirectoryEntry] {
    try callInPool {
        uv_fs_scandir(nil, $0, path, 0, nil)
    } _: {
        entries($0, $0.pointee.result)
    }
}

extension FileSystem {
    // MARK: Directories

    /// Makes a directory.
    ///
    /// Binds `uv_fs_mkdir`.
    ///
    /// - Parameters:
    ///   - permissions: less those that the process's mask takes.
    ///   - withParents: makes those above it, too, and does not mind if it is there already.
    /// - Throws: ``FileError``, such as with ``UVError/fileExists``.
    public nonisolated(nonsending) func makeDirectory(
        _ path: String, permissions: FilePermissions = 0o777, withParents: Bool = false
    ) async throws {
        try await run(
            .makeDirectory(path, permissions: permissions, withParents: withParents))
    }

    /// Removes a directory.
    ///
    /// Binds `uv_fs_rmdir`.
    ///
    /// - Parameter recursively: removes all that is in it first, of symbolic links only the links.
    ///   Nothing else may change it meanwhile. If something cannot be removed, what was before it
    ///   is gone.
    /// - Throws: ``FileError``, such as with ``UVError/directoryNotEmpty``.
    public nonisolated(nonsending) func removeDirectory(
        _ path: String, recursively: Bool = false
    ) async throws {
        try await run(.removeDirectory(path, recursively: recursively))
    }

    /// All names in a directory, sorted by their bytes, without `.` and `..`. For large directories
    /// there is ``entries(of:)``.
    ///
    /// Binds `uv_fs_scandir`, `uv_fs_scandir_next`.
    public nonisolated(nonsending) func readDirectory(
        _ path: String
    ) async throws -> [DirectoryEntry] {
        try await run(.readDirectory(path))
    }
}
