import CUV

// What is done to open files, once for tasks and for callbacks. What each does is said at the
// method of `File` that has the same name.

extension FileOperation where Value == FileStatus {
    /// The operation of ``File/stat()``. Binds `uv_fs_fstat`.
    public static func stat(_ file: File) -> Self {
        Self(.stat, on: file) {
            uv_fs_fstat($0, $1, $2, $3)
        } value: {
            FileStatus($1.pointee.statbuf)
        }
    }
}

extension FileOperation where Value == Void {
    private init(
        _ name: FileError.Operation, on file: File,
        call:
            @escaping @Sendable (
                UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<uv_fs_t>, Int32, uv_fs_cb
            ) -> Int32
    ) {
        self.init(name, on: file, call: call) { _, _ in }
    }

    /// The operation of ``File/truncate(to:)``. Binds `uv_fs_ftruncate`.
    public static func truncate(_ file: File, to size: Int) -> Self {
        Self(.truncate, on: file) { uv_fs_ftruncate($0, $1, $2, Int64(size), $3) }
    }

    /// The operation of ``File/sync()``. Binds `uv_fs_fsync`.
    public static func sync(_ file: File) -> Self {
        Self(.sync, on: file) { uv_fs_fsync($0, $1, $2, $3) }
    }

    /// The operation of ``File/dataSync()``. Binds `uv_fs_fdatasync`.
    public static func dataSync(_ file: File) -> Self {
        Self(.sync, on: file) { uv_fs_fdatasync($0, $1, $2, $3) }
    }

    /// The operation of ``File/changeMode(to:)``. Binds `uv_fs_fchmod`.
    public static func changeMode(of file: File, to permissions: FilePermissions) -> Self {
        Self(.changeMode, on: file) {
            uv_fs_fchmod($0, $1, $2, Int32(permissions.rawValue), $3)
        }
    }

    /// The operation of ``File/changeOwner(user:group:)``. Binds `uv_fs_fchown`.
    public static func changeOwner(of file: File, user: UInt32?, group: UInt32?) -> Self {
        // All ones stand for "as it is".
        let (user, group) = (user ?? .max, group ?? .max)
        return Self(.changeOwner, on: file) { uv_fs_fchown($0, $1, $2, user, group, $3) }
    }

    /// The operation of ``File/changeTimes(access:modification:)``. Binds `uv_fs_futime`.
    public static func changeTimes(
        of file: File, access: FileTime, modification: FileTime
    ) -> Self {
        Self(.changeTimes, on: file) { uv, request, descriptor, callback in
            guard let access = try? access.forLibuv,
                let modification = try? modification.forLibuv
            else { return UV_EINVAL.rawValue }
            return uv_fs_futime(uv, request, descriptor, access, modification, callback)
        }
    }
}

extension File {
    // MARK: The file

    /// What is known about the file.
    ///
    /// Binds `uv_fs_fstat`.
    public nonisolated(nonsending) func stat() async throws -> FileStatus {
        try await run(.stat(self))
    }

    /// Makes the file this long: cuts it off, or adds zeros, which take no room on most disks.
    ///
    /// Binds `uv_fs_ftruncate`.
    public nonisolated(nonsending) func truncate(to size: Int) async throws {
        try await run(.truncate(self, to: size))
    }

    /// Returns when all that was written, and what is known about the file, is on the disk.
    ///
    /// Binds `uv_fs_fsync`.
    public nonisolated(nonsending) func sync() async throws { try await run(.sync(self)) }

    /// The same, but only with what is needed to read it again.
    ///
    /// Binds `uv_fs_fdatasync`.
    public nonisolated(nonsending) func dataSync() async throws {
        try await run(.dataSync(self))
    }

    /// Changes the permissions of the file.
    ///
    /// Binds `uv_fs_fchmod`.
    public nonisolated(nonsending) func changeMode(
        to permissions: FilePermissions
    ) async throws {
        try await run(.changeMode(of: self, to: permissions))
    }

    /// Changes who owns the file; nil leaves it as it is.
    ///
    /// Binds `uv_fs_fchown`.
    public nonisolated(nonsending) func changeOwner(
        user: UInt32?, group: UInt32?
    ) async throws {
        try await run(.changeOwner(of: self, user: user, group: group))
    }

    /// Changes the times of the file; see
    /// ``FileSystem/changeTimes(of:access:modification:followsLink:)``.
    ///
    /// Binds `uv_fs_futime`.
    public nonisolated(nonsending) func changeTimes(
        access: FileTime, modification: FileTime
    ) async throws {
        try await run(.changeTimes(of: self, access: access, modification: modification))
    }
}
