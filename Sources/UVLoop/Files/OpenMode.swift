import CUV

/// How to open a file: at least ``read`` or ``write``.
///
/// Files are always opened close-on-exec: programs that this one starts do not get them.
public struct OpenMode: OptionSet, Hashable, Sendable {
    /// Bits of this type's own.
    public let rawValue: UInt16
    /// Of bits of this type's own.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    private init(bit: UInt16) { self.init(rawValue: 1 << bit) }

    /// To read it.
    public static let read = OpenMode(bit: 0)
    /// To write to it.
    public static let write = OpenMode(bit: 1)
    /// Each write goes to the end, wherever that is by then and whatever position it names.
    public static let append = OpenMode(bit: 2)
    /// Makes the file if there is none.
    public static let create = OpenMode(bit: 3)
    /// Together with ``create``: fails with ``UVError/fileExists`` if there is something, even a
    /// link that leads nowhere.
    public static let exclusive = OpenMode(bit: 4)
    /// Empties the file first.
    public static let truncate = OpenMode(bit: 5)
    /// Fails with ``UVError/notDirectory`` for what is no directory.
    public static let directory = OpenMode(bit: 6)
    /// Fails with ``UVError/tooManySymbolicLinks`` if the last part of the path is a link.
    public static let noFollow = OpenMode(bit: 7)
    /// Does not wait: without this, to open a FIFO takes a thread of the pool until somebody opens
    /// its other end.
    public static let nonBlocking = OpenMode(bit: 8)
    /// Reading does not change the time of the last access.
    public static let noAccessTime = OpenMode(bit: 9)
    /// Each write is on the disk, with all that belongs to the file, before it returns.
    public static let sync = OpenMode(bit: 10)
    /// The same, but only with what is needed to read it again.
    public static let dataSync = OpenMode(bit: 11)
    /// Around the system's cache; memory, positions and counts have to be multiples of a block.
    public static let direct = OpenMode(bit: 12)

    /// Reading and writing a file that is there.
    public static let readWrite: OpenMode = [.read, .write]
    /// Writing a file anew.
    public static let overwrite: OpenMode = [.write, .create, .truncate]
    /// Writing to the end of a file, which is made if there is none.
    public static let log: OpenMode = [.write, .append, .create]

    /// As `uv_fs_open` takes them.
    var flags: Int32 {
        get throws(UVError) {
            let access =
                switch (contains(.read), contains(.write)) {
                case (true, true): cuv_open_read_write
                case (false, true): cuv_open_write_only
                case (true, false): cuv_open_read_only
                case (false, false): throw .invalidArgument
                }
            return Self.bits.reduce(access | cuv_open_no_terminal) { flags, bit in
                contains(bit.mode) ? flags | bit.flag : flags
            }
        }
    }

    private static let bits: [(mode: OpenMode, flag: Int32)] = [
        (.append, cuv_open_append), (.create, cuv_open_create), (.exclusive, cuv_open_exclusive),
        (.truncate, cuv_open_truncate), (.directory, cuv_open_directory),
        (.noFollow, cuv_open_no_follow), (.nonBlocking, cuv_open_non_blocking),
        (.noAccessTime, cuv_open_no_access_time), (.sync, cuv_open_sync),
        (.dataSync, cuv_open_data_sync), (.direct, cuv_open_direct),
    ]
}

/// What ``FileSystem/access(_:_:)`` asks for; nothing of it asks whether the file is there.
public struct AccessMode: OptionSet, Hashable, Sendable {
    /// The bits that `access` takes.
    public let rawValue: Int32
    /// Of the bits that `access` takes.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// May be read.
    public static let read = AccessMode(rawValue: R_OK)
    /// May be written.
    public static let write = AccessMode(rawValue: W_OK)
    /// May be run; of a directory, may be passed through.
    public static let execute = AccessMode(rawValue: X_OK)
}

/// How to copy a file.
public struct CopyOptions: OptionSet, Hashable, Sendable {
    /// The flags of `uv_fs_copyfile`.
    public let rawValue: Int32
    /// Of the flags of `uv_fs_copyfile`.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Fails with ``UVError/fileExists`` if there is something at the new path.
    public static let exclusive = CopyOptions(rawValue: UV_FS_COPYFILE_EXCL)
    /// Lets both files share their blocks until one is changed, where the file system can do that.
    public static let clone = CopyOptions(rawValue: UV_FS_COPYFILE_FICLONE)
    /// The same, and fails with ``UVError/notSupported`` or alike where it cannot.
    public static let mustClone = CopyOptions(rawValue: UV_FS_COPYFILE_FICLONE_FORCE)
}
