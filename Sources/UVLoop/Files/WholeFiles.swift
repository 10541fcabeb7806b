import CUV

/// How ``FileSystem/write(_:to:_:permissions:isSynced:)`` treats what is at the path.
public enum FileWriting: Hashable, Sendable {
    /// Empties it and writes. Who reads meanwhile sees a part; after a failure a part is left.
    case overwriting
    /// Writes a new file beside it, which then takes its name: whoever opens it finds all of the
    /// old bytes or all of the new. If the path is a link, what it leads to is replaced. The
    /// permissions stay, the owner and other names of the old file do not come along.
    case replacing
    /// Writes to its end.
    case appending
    /// Fails with ``UVError/fileExists`` if there is something.
    case creating

    fileprivate var mode: OpenMode {
        switch self {
        case .overwriting: .overwrite
        case .appending: .log
        case .creating, .replacing: [.write, .create, .exclusive]
        }
    }
}

extension FileOperation where Value == [UInt8] {
    /// The operation of ``FileSystem/read(_:limit:)``. Binds `uv_fs_open`, `uv_fs_fstat`,
    /// `uv_fs_read`, `uv_fs_close`.
    public static func read(_ path: String, limit: Int = FileSystem.mostRead) -> Self {
        Self(.read, path) { flag throws(UVError) in
            try PoolFile.with(path, .read, 0, flag) { file throws(UVError) in
                try file.readToEnd(limit: limit)
            }
        }
    }
}

extension FileOperation where Value == Void {
    /// The operation of ``FileSystem/write(_:to:_:permissions:isSynced:)``. Binds `uv_fs_open`,
    /// `uv_fs_write`, `uv_fs_fsync`, `uv_fs_close`, and to replace also `uv_fs_realpath`,
    /// `uv_fs_stat`, `uv_fs_fchmod`, `uv_fs_rename`, `uv_fs_unlink`.
    public static func write(
        _ bytes: some ByteContainer & Sendable, to path: String,
        _ way: FileWriting = .overwriting, permissions: FilePermissions = 0o666,
        isSynced: Bool = false
    ) -> Self {
        Self(.write, path) { flag throws(UVError) in
            let result = bytes.withUnsafeBytes { bytes in
                Result { () throws(UVError) in
                    if way == .replacing {
                        try PoolFile.replace(path, bytes, permissions, isSynced, flag)
                    } else {
                        try PoolFile.with(path, way.mode, permissions, flag) {
                            file throws(UVError) in
                            try file.write(bytes, isSynced)
                        }
                    }
                }
            }
            try result.get()
        }
    }
}

extension PoolFile {
    /// Opens a file, and closes it in any case.
    @discardableResult
    static func with<R>(
        _ path: String, _ mode: OpenMode, _ permissions: FilePermissions,
        _ flag: CancellationFlag, _ body: (PoolFile) throws(UVError) -> R
    ) throws(UVError) -> R {
        let flags = try mode.flags
        let descriptor = try callInPool {
            uv_fs_open(nil, $0, path, flags, Int32(permissions.rawValue), nil)
        }
        let result: R
        do throws(UVError) {
            result = try body(PoolFile(descriptor: Int32(descriptor), flag: flag))
        } catch {
            cuv_close(Int32(descriptor))
            throw error
        }
        // A network's file system may say only now that there was no room.
        try callInPool { uv_fs_close(nil, $0, Int32(descriptor), nil) }
        return result
    }

    fileprivate func readToEnd(limit: Int) throws(UVError) -> [UInt8] {
        guard limit >= 0 else { throw .invalidArgument }
        let status = try callInPool {
            uv_fs_fstat(nil, $0, descriptor, nil)
        } _: {
            FileStatus($0.pointee.statbuf)
        }
        guard status.size <= limit || status.kind != .regular else { throw .fileTooLarge }
        // One more, to see the end.
        var bytes = try readArray(upTo: min(status.size, limit) + 1) { memory throws(UVError) in
            try read(into: memory, at: nil)
        }
        // The size of some is not known, as of those in /proc, which give a page at a time; and a
        // file may grow.
        while bytes.count <= limit {
            let wanted = min(max(65_536, bytes.count), limit + 1 - bytes.count)
            let more = try readArray(upTo: wanted) { memory throws(UVError) in
                try read(into: memory, at: nil)
            }
            if more.isEmpty { break }
            bytes += more
        }
        guard bytes.count <= limit else { throw .fileTooLarge }
        return bytes
    }

    fileprivate func write(_ bytes: UnsafeRawBufferPointer, _ isSynced: Bool) throws(UVError) {
        try write(bytes, at: nil)
        if isSynced { try callInPool { uv_fs_fsync(nil, $0, descriptor, nil) } }
    }

    fileprivate static func replace(
        _ path: String, _ bytes: UnsafeRawBufferPointer, _ permissions: FilePermissions,
        _ isSynced: Bool, _ flag: CancellationFlag
    ) throws(UVError) {
        let target =
            (try? callInPool {
                uv_fs_realpath(nil, $0, path, nil)
            } _: {
                String(cString: $0.pointee.ptr.assumingMemoryBound(to: CChar.self))
            }) ?? path
        let old = try? callInPool {
            uv_fs_stat(nil, $0, target, nil)
        } _: {
            FileStatus($0.pointee.statbuf)
        }
        // A directory must not be found out by the renaming, after all the work.
        if old?.kind == .directory { throw .isDirectory }
        let suffix = String(UInt64.random(in: 0 ... .max), radix: 36)
        let draft = "\(target).\(suffix).tmp"
        do throws(UVError) {
            try with(draft, FileWriting.replacing.mode, old?.permissions ?? permissions, flag) {
                file throws(UVError) in
                if let old {
                    try callInPool {
                        uv_fs_fchmod(
                            nil, $0, file.descriptor, Int32(old.permissions.rawValue), nil)
                    }
                }
                try file.write(bytes, isSynced)
                try flag.check()
            }
            try callInPool { uv_fs_rename(nil, $0, draft, target, nil) }
        } catch {
            _ = try? callInPool { uv_fs_unlink(nil, $0, draft, nil) }
            throw error
        }
        if isSynced { try syncDirectory(of: target) }
    }

    /// Without this the name may still be the old one after a crash.
    private static func syncDirectory(of path: String) throws(UVError) {
        try with(PathParts(path).directory, [.read, .directory], 0, CancellationFlag()) {
            directory throws(UVError) in
            try callInPool { uv_fs_fsync(nil, $0, directory.descriptor, nil) }
        }
    }
}

/// The directory and the name that a path is made of.
struct PathParts: Equatable {
    let directory: String
    let name: String

    init(_ path: String) {
        // Slashes at the end say nothing.
        var rest = path[...]
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else {
            (directory, name) = (".", String(rest))
            return
        }
        directory = slash == rest.startIndex ? "/" : String(rest[..<slash])
        name = String(rest[rest.index(after: slash)...])
    }
}

extension FileSystem {
    // MARK: Whole files

    /// What ``read(_:limit:)`` reads at most if nothing else is said: 256 MiB.
    public static var mostRead: Int { 268_435_456 }

    /// Reads a whole file, with one way to the pool and back.
    ///
    /// Binds `uv_fs_open`, `uv_fs_fstat`, `uv_fs_read`, `uv_fs_close`.
    ///
    /// - Parameter limit: how many bytes at most.
    /// - Throws: ``FileError``, with ``UVError/fileTooLarge`` if there are more, as is known before
    ///   they are read from a regular file; `CancellationError`.
    public nonisolated(nonsending) func read(
        _ path: String, limit: Int = FileSystem.mostRead
    ) async throws -> [UInt8] {
        try await run(.read(path, limit: limit))
    }

    /// Reads a whole file as text.
    ///
    /// - Throws: as ``read(_:limit:)``, and ``FileError`` with ``UVError/illegalByteSequence`` if
    ///   it is not UTF-8.
    public nonisolated(nonsending) func readText(
        _ path: String, limit: Int = FileSystem.mostRead
    ) async throws -> String {
        let bytes = try await read(path, limit: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(.read, path, .illegalByteSequence)
        }
        return text
    }

    /// Writes a whole file, with one way to the pool and back.
    ///
    /// ```swift
    /// try await loop.files.write(settings, to: "settings.txt", .replacing)
    /// ```
    ///
    /// Binds `uv_fs_open`, `uv_fs_write`, `uv_fs_fsync`, `uv_fs_rename`, `uv_fs_close`.
    ///
    /// - Parameters:
    ///   - bytes: kept, not copied, until they are written.
    ///   - path: the file, which is made if it is not there.
    ///   - way: what becomes of what is there.
    ///   - permissions: of a file that is made, less those that the process's mask takes.
    ///   - isSynced: whether to return only when all is on the disk.
    /// - Throws: ``FileError``; `CancellationError`. With ``FileWriting/replacing`` nothing has
    ///   happened then, or everything.
    public nonisolated(nonsending) func write(
        _ bytes: some ByteContainer & Sendable, to path: String,
        _ way: FileWriting = .overwriting, permissions: FilePermissions = 0o666,
        isSynced: Bool = false
    ) async throws {
        try await run(
            .write(bytes, to: path, way, permissions: permissions, isSynced: isSynced))
    }
}
