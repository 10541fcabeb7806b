extension FileSystem {
    // MARK: What is there

    /// What is known about the file that the path leads to, through symbolic links.
    ///
    /// Binds `uv_fs_stat`.
    public nonisolated(nonsending) func stat(_ path: String) async throws -> FileStatus {
        try await run(.stat(path))
    }

    /// The same, but about a symbolic link itself.
    ///
    /// Binds `uv_fs_lstat`.
    public nonisolated(nonsending) func lstat(_ path: String) async throws -> FileStatus {
        try await run(.lstat(path))
    }

    /// What is known about the file system in which the path is.
    ///
    /// Binds `uv_fs_statfs`.
    public nonisolated(nonsending) func statFileSystem(
        _ path: String
    ) async throws -> FileSystemStatus {
        try await run(.statFileSystem(path))
    }

    /// Asks whether the process may do something with a file, or, with no mode, whether it is
    /// there. The superuser may nearly everything.
    ///
    /// What is true now may not be so when it is used: better to open the file and see.
    ///
    /// Binds `uv_fs_access`.
    ///
    /// - Throws: ``FileError``: ``UVError/permissionDenied``, ``UVError/noSuchFileOrDirectory``, …
    public nonisolated(nonsending) func access(
        _ path: String, _ mode: AccessMode = []
    ) async throws {
        try await run(.access(path, mode))
    }

    /// Whether the path leads to anything.
    ///
    /// - Throws: ``FileError`` if that cannot be found out; `CancellationError`.
    public nonisolated(nonsending) func exists(_ path: String) async throws -> Bool {
        do {
            try await run(.access(path))
            return true
        } catch let error as FileError
            where [.noSuchFileOrDirectory, .notDirectory].contains(error.code)
        {
            return false
        }
    }

    /// What a symbolic link says.
    ///
    /// Binds `uv_fs_readlink`.
    ///
    /// - Throws: ``FileError`` with ``UVError/invalidArgument`` for what is no link.
    public nonisolated(nonsending) func readLink(_ path: String) async throws -> String {
        try await run(.readLink(path))
    }

    /// The absolute path, without links and without `.` and `..`, of something that is there.
    ///
    /// Binds `uv_fs_realpath`.
    public nonisolated(nonsending) func realPath(_ path: String) async throws -> String {
        try await run(.realPath(path))
    }

    // MARK: Names

    /// Gives a file or directory another name, in the same file system; what has that name already
    /// is replaced in the same moment, if it is no directory with something in it.
    ///
    /// Binds `uv_fs_rename`.
    public nonisolated(nonsending) func rename(
        _ path: String, to newPath: String
    ) async throws {
        try await run(.rename(path, to: newPath))
    }

    /// Gives a file a second name.
    ///
    /// Binds `uv_fs_link`.
    public nonisolated(nonsending) func link(_ path: String, to newPath: String) async throws {
        try await run(.link(path, to: newPath))
    }

    /// Makes a symbolic link.
    ///
    /// Binds `uv_fs_symlink`.
    ///
    /// - Parameters:
    ///   - path: where the link is to be.
    ///   - target: what it says; need not be there.
    public nonisolated(nonsending) func symbolicLink(
        at path: String, to target: String
    ) async throws {
        try await run(.symbolicLink(at: path, to: target))
    }

    /// Takes a name from a file, which goes with its last one, once nobody has it open. Not for
    /// directories.
    ///
    /// Binds `uv_fs_unlink`.
    public nonisolated(nonsending) func unlink(_ path: String) async throws {
        try await run(.unlink(path))
    }

    /// Copies a file with its permissions; what is at the new path is overwritten, if the options
    /// do not say otherwise. A copy that fails half-way is removed.
    ///
    /// Binds `uv_fs_copyfile`.
    public nonisolated(nonsending) func copy(
        _ path: String, to newPath: String, _ options: CopyOptions = []
    ) async throws {
        try await run(.copy(path, to: newPath, options))
    }

    // MARK: Attributes

    /// Changes the permissions of a file.
    ///
    /// Binds `uv_fs_chmod`.
    public nonisolated(nonsending) func changeMode(
        of path: String, to permissions: FilePermissions
    ) async throws {
        try await run(.changeMode(of: path, to: permissions))
    }

    /// Changes who owns a file.
    ///
    /// Binds `uv_fs_chown`, `uv_fs_lchown`.
    ///
    /// - Parameters:
    ///   - user: nil for the one that it is.
    ///   - group: nil for the one that it is.
    ///   - followsLink: false to change a symbolic link itself.
    public nonisolated(nonsending) func changeOwner(
        of path: String, user: UInt32?, group: UInt32?, followsLink: Bool = true
    ) async throws {
        try await run(
            .changeOwner(of: path, user: user, group: group, followsLink: followsLink))
    }

    /// Changes the times of a file.
    ///
    /// Binds `uv_fs_utime`, `uv_fs_lutime`.
    ///
    /// - Parameters:
    ///   - access: of the last reading. libuv cuts times after the microsecond.
    ///   - modification: of the last writing.
    ///   - followsLink: false to change a symbolic link itself.
    /// - Throws: ``FileError``, with ``UVError/invalidArgument`` for times before 1970, which
    ///   libuv does not know.
    public nonisolated(nonsending) func changeTimes(
        of path: String, access: FileTime, modification: FileTime, followsLink: Bool = true
    ) async throws {
        try await run(
            .changeTimes(
                of: path, access: access, modification: modification, followsLink: followsLink))
    }
}
