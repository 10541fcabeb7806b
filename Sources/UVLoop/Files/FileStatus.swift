import CUV

/// What the file system knows about a file.
public struct FileStatus: Hashable, Sendable {
    /// Of what kind it is.
    public let kind: FileKind
    /// Who may do what with it.
    public let permissions: FilePermissions
    /// How many bytes it has; of a symbolic link, the length of what it says.
    public let size: Int
    /// The bytes on the disk that it takes: less than its size if it has holes.
    public let allocatedSize: Int
    /// The size of blocks in which it is best read and written.
    public let blockSize: Int
    /// How many names it has.
    public let linkCount: Int
    /// Who owns it.
    public let userID: UInt32
    /// The group that it belongs to.
    public let groupID: UInt32
    /// Which file it is, wherever its name is.
    public let identity: FileIdentity
    /// What device it is, if it is one.
    public let deviceNumber: UInt64
    /// When it was last read, as far as the file system keeps that.
    public let accessTime: FileTime
    /// When its bytes were last changed.
    public let modificationTime: FileTime
    /// When its bytes or anything else about it was last changed.
    public let changeTime: FileTime
    /// When it was made; where the file system does not know, another of the times, or 1970.
    public let creationTime: FileTime
    /// Flags and generation of BSD's file systems; 0 on Linux.
    public let flags: UInt64, generation: UInt64

    init(_ found: uv_stat_t) {
        kind = FileKind(mode: found.st_mode)
        permissions = FilePermissions(rawValue: UInt16(truncatingIfNeeded: found.st_mode))
        size = Int(clamping: found.st_size)
        allocatedSize = Int(clamping: found.st_blocks) * 512
        blockSize = Int(clamping: found.st_blksize)
        linkCount = Int(clamping: found.st_nlink)
        userID = UInt32(truncatingIfNeeded: found.st_uid)
        groupID = UInt32(truncatingIfNeeded: found.st_gid)
        identity = FileIdentity(device: found.st_dev, inode: found.st_ino)
        deviceNumber = found.st_rdev
        accessTime = FileTime(found.st_atim)
        modificationTime = FileTime(found.st_mtim)
        changeTime = FileTime(found.st_ctim)
        creationTime = FileTime(found.st_birthtim)
        flags = found.st_flags
        generation = found.st_gen
    }
}

/// Which file it is: two names with the same identity lead to the same file, as long as it is
/// there. Afterwards another file may get it.
public struct FileIdentity: Hashable, Sendable {
    /// The file system.
    public let device: UInt64
    /// The file's number there.
    public let inode: UInt64
}

/// How large a file system is, and how full.
public struct FileSystemStatus: Hashable, Sendable {
    /// The kind of file system, as a number of the system.
    public let type: UInt64
    /// The size of the blocks that the next three count, in bytes.
    public let blockSize: Int
    /// How many blocks there are, how many are free, and how many of those are not kept for the
    /// superuser.
    public let blocks: Int, freeBlocks: Int, availableBlocks: Int
    /// How many files there can be, and how many more; 0 where there is no such limit.
    public let files: Int, freeFiles: Int

    /// Bytes in all.
    public var size: Int { blocks * blockSize }
    /// Bytes that may still be written.
    public var availableSize: Int { availableBlocks * blockSize }

    init(_ found: uv_statfs_t) {
        type = found.f_type
        blockSize = Int(clamping: found.f_bsize)
        blocks = Int(clamping: found.f_blocks)
        freeBlocks = Int(clamping: found.f_bfree)
        availableBlocks = Int(clamping: found.f_bavail)
        files = Int(clamping: found.f_files)
        freeFiles = Int(clamping: found.f_ffree)
    }
}
