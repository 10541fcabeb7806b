import CUV

/// The program's own process: who it is, where it is, and what it uses.
///
/// Where it says nothing else, this can be asked on any thread, without a loop.
public enum CurrentProcess {
    // MARK: Who it is

    /// The process's number. Binds `uv_os_getpid`.
    public static var id: Int32 { uv_os_getpid() }

    /// The number of the process that started it, or of the one that took its place.
    /// Binds `uv_os_getppid`.
    public static var parentID: Int32 { uv_os_getppid() }

    /// The path of the program's file. Binds `uv_exepath`.
    public static var executablePath: String {
        get throws(UVError) { try text { uv_exepath($0, $1) } }
    }

    // MARK: Where it is

    /// The folder from which relative paths start. Binds `uv_cwd`.
    ///
    /// - Throws: ``UVError/noSuchFileOrDirectory`` if it has been removed.
    public static var workingDirectory: String {
        get throws(UVError) { try text { uv_cwd($0, $1) } }
    }

    /// Makes another folder the one from which relative paths start: for all threads at once.
    /// Binds `uv_chdir`.
    ///
    /// - Throws: ``UVError/noSuchFileOrDirectory``, ``UVError/notDirectory``,
    ///   ``UVError/permissionDenied``.
    public static func changeWorkingDirectory(to path: String) throws(UVError) {
        try checkNoZero(path)
        try UVError.check(uv_chdir(path))
    }

    /// The user's folder: `HOME` of the environment, else what the system knows of the user.
    /// Binds `uv_os_homedir`.
    public static var homeDirectory: String {
        get throws(UVError) { try text { uv_os_homedir($0, $1) } }
    }

    /// The folder for temporary files: `TMPDIR`, `TMP`, `TEMP` or `TEMPDIR` of the environment,
    /// else `/tmp`. Binds `uv_os_tmpdir`.
    public static var temporaryDirectory: String {
        get throws(UVError) { try text { uv_os_tmpdir($0, $1) } }
    }

    /// The user that the process acts as. Binds `uv_os_get_passwd`, `uv_os_free_passwd`.
    ///
    /// - Throws: ``UVError/noSuchFileOrDirectory`` if the system does not know the user.
    public static var user: User {
        get throws(UVError) {
            var entry = uv_passwd_t()
            try UVError.check(uv_os_get_passwd(&entry))
            defer { uv_os_free_passwd(&entry) }
            return User(
                name: String(copying: entry.username), id: UInt32(truncatingIfNeeded: entry.uid),
                groupID: UInt32(truncatingIfNeeded: entry.gid),
                homeDirectory: String(copying: entry.homedir),
                shell: String(copying: entry.shell))
        }
    }

    /// A user of the system.
    public struct User: Hashable, Sendable {
        /// The name to log in with.
        public let name: String
        /// The user's number; 0 is root.
        public let id: UInt32
        /// The number of the user's first group.
        public let groupID: UInt32
        /// The user's folder.
        public let homeDirectory: String
        /// The program that the user gets after logging in; empty for none.
        public let shell: String
    }

    // MARK: Title

    /// What ``setTitle(_:)`` has set; before that, the command that the process was started with.
    /// Binds `uv_get_process_title`.
    public static var title: String {
        get throws(UVError) {
            guard titleSetUp == 0 else { throw UVError(rawValue: titleSetUp) }
            return try text { uv_get_process_title($0, $1.pointee) }
        }
    }

    /// Changes what tools such as `ps` show as the process's command.
    ///
    /// It is written over the arguments that the process was started with, and cut to their length.
    /// `CommandLine.arguments` stays what it was; what else reads `argv` itself, or
    /// `/proc/self/cmdline`, sees the title from then on.
    ///
    /// Binds `uv_setup_args`, `uv_set_process_title`.
    ///
    /// - Throws: ``UVError/notSupported`` where the arguments cannot be found.
    public static func setTitle(_ title: String) throws(UVError) {
        try checkNoZero(title)
        guard titleSetUp == 0 else { throw UVError(rawValue: titleSetUp) }
        try UVError.check(uv_set_process_title(title))
    }

    /// The result of telling libuv, once, where the arguments are.
    private static let titleSetUp: Int32 = {
        // Read before they can be overwritten; Swift keeps them from then on.
        _ = CommandLine.arguments
        return cuv_set_up_title()
    }()
}
