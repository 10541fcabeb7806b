/// Why an operation on a file or a path failed.
///
/// It names the operation and the path, both paths where there are two:
///
/// ```
/// rename draft.txt to final/text.txt: ENOENT: no such file or directory
/// ```
public struct FileError: Error, Hashable, Sendable {
    /// What was asked for.
    public enum Operation: String, Hashable, Sendable {
        case open, close, read, write, stat, truncate, sync, access, copy, rename, link, unlink
        case send
        case symbolicLink = "link symbolically"
        case readLink = "read link"
        case realPath = "resolve"
        case makeDirectory = "make directory"
        case removeDirectory = "remove directory"
        case readDirectory = "read directory"
        case makeTemporaryDirectory = "make temporary directory"
        case makeTemporaryFile = "make temporary file"
        case changeMode = "change mode of"
        case changeOwner = "change owner of"
        case changeTimes = "change times of"
        case statFileSystem = "stat file system of"
        case watch
    }

    /// What was asked for.
    public let operation: Operation
    /// The path that was given, as it was given.
    public let path: String
    /// The second path of a copy, a link or a renaming: the new name.
    public let otherPath: String?
    /// What libuv or the system said. ``UVError/canceled`` if the loop is closed;
    /// ``UVError/badFileDescriptor`` for a ``File`` that has been closed.
    public let code: UVError

    init(
        _ operation: Operation, _ path: String, to otherPath: String? = nil, _ code: UVError
    ) {
        self.operation = operation
        self.path = path
        self.otherPath = otherPath
        self.code = code
    }
}

extension FileError: CustomStringConvertible {
    /// The operation, the path and the reason.
    public var description: String {
        let name = otherPath.map { "\(path) to \($0)" } ?? path
        return "\(operation.rawValue) \(name): \(code)"
    }
}
