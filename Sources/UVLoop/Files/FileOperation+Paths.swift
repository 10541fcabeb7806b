import CUV

// What is done to paths, once for tasks and for callbacks. What each does is said at the method of
// `FileSystem` that has the same name.

extension FileOperation where Value == FileStatus {
    /// The operation of ``FileSystem/stat(_:)``. Binds `uv_fs_stat`.
    public static func stat(_ path: String) -> Self {
        Self(.stat, path) {
            uv_fs_stat($0, $1, path, $2)
        } value: {
            FileStatus($2.pointee.statbuf)
        }
    }

    /// The operation of ``FileSystem/lstat(_:)``. Binds `uv_fs_lstat`.
    public static func lstat(_ path: String) -> Self {
        Self(.stat, path) {
            uv_fs_lstat($0, $1, path, $2)
        } value: {
            FileStatus($2.pointee.statbuf)
        }
    }
}

extension FileOperation where Value == FileSystemStatus {
    /// The operation of ``FileSystem/statFileSystem(_:)``. Binds `uv_fs_statfs`.
    public static func statFileSystem(_ path: String) -> Self {
        Self(.statFileSystem, path) {
            uv_fs_statfs($0, $1, path, $2)
        } value: {
            FileSystemStatus($2.pointee.ptr.assumingMemoryBound(to: uv_statfs_t.self).pointee)
        }
    }
}

extension FileOperation where Value == String {
    /// The operation of ``FileSystem/readLink(_:)``. Binds `uv_fs_readlink`.
    public static func readLink(_ path: String) -> Self {
        Self(.readLink, path) {
            uv_fs_readlink($0, $1, path, $2)
        } value: {
            String(cString: $2.pointee.ptr.assumingMemoryBound(to: CChar.self))
        }
    }

    /// The operation of ``FileSystem/realPath(_:)``. Binds `uv_fs_realpath`.
    public static func realPath(_ path: String) -> Self {
        Self(.realPath, path) {
            uv_fs_realpath($0, $1, path, $2)
        } value: {
            String(cString: $2.pointee.ptr.assumingMemoryBound(to: CChar.self))
        }
    }
}

extension FileOperation where Value == Void {
    /// The operation of ``FileSystem/rename(_:to:)``. Binds `uv_fs_rename`.
    public static func rename(_ path: String, to newPath: String) -> Self {
        Self(.rename, path, to: newPath) { uv_fs_rename($0, $1, path, newPath, $2) }
    }

    /// The operation of ``FileSystem/link(_:to:)``. Binds `uv_fs_link`.
    public static func link(_ path: String, to newPath: String) -> Self {
        Self(.link, path, to: newPath) { uv_fs_link($0, $1, path, newPath, $2) }
    }

    /// The operation of ``FileSystem/symbolicLink(at:to:)``. Binds `uv_fs_symlink`.
    public static func symbolicLink(at path: String, to target: String) -> Self {
        Self(.symbolicLink, path, to: target) { uv_fs_symlink($0, $1, target, path, 0, $2) }
    }

    /// The operation of ``FileSystem/unlink(_:)``. Binds `uv_fs_unlink`.
    public static func unlink(_ path: String) -> Self {
        Self(.unlink, path) { uv_fs_unlink($0, $1, path, $2) }
    }

    /// The operation of ``FileSystem/copy(_:to:_:)``. Binds `uv_fs_copyfile`.
    public static func copy(
        _ path: String, to newPath: String, _ options: CopyOptions = []
    ) -> Self {
        Self(.copy, path, to: newPath) {
            uv_fs_copyfile($0, $1, path, newPath, options.rawValue, $2)
        }
    }

    /// The operation of ``FileSystem/access(_:_:)``. Binds `uv_fs_access`.
    public static func access(_ path: String, _ mode: AccessMode = []) -> Self {
        Self(.access, path) { uv_fs_access($0, $1, path, mode.rawValue, $2) }
    }

    /// The operation of ``FileSystem/changeMode(of:to:)``. Binds `uv_fs_chmod`.
    public static func changeMode(of path: String, to permissions: FilePermissions) -> Self {
        Self(.changeMode, path) {
            uv_fs_chmod($0, $1, path, Int32(permissions.rawValue), $2)
        }
    }

    /// The operation of ``FileSystem/changeOwner(of:user:group:followsLink:)``. Binds
    /// `uv_fs_chown`, `uv_fs_lchown`.
    public static func changeOwner(
        of path: String, user: UInt32?, group: UInt32?, followsLink: Bool = true
    ) -> Self {
        // All ones stand for "as it is".
        let (user, group) = (user ?? .max, group ?? .max)
        return Self(.changeOwner, path) {
            followsLink
                ? uv_fs_chown($0, $1, path, user, group, $2)
                : uv_fs_lchown($0, $1, path, user, group, $2)
        }
    }

    /// The operation of ``FileSystem/changeTimes(of:access:modification:followsLink:)``. Binds
    /// `uv_fs_utime`, `uv_fs_lutime`.
    public static func changeTimes(
        of path: String, access: FileTime, modification: FileTime, followsLink: Bool = true
    ) -> Self {
        Self(.changeTimes, path) { loop, completion throws(UVError) in
            let (access, modification) = (try access.forLibuv, try modification.forLibuv)
            return try FileRequest.start(loop) {
                followsLink
                    ? uv_fs_utime($0, $1, path, access, modification, $2)
                    : uv_fs_lutime($0, $1, path, access, modification, $2)
            } _: { result, _ in
                completion(result.map { _ in })
            }
        }
    }
}
