/// Which program to start, and how.
///
/// ```swift
/// var options = ProcessOptions("git", "log", "--oneline")
/// options.directory = "checkout"
/// options.standardOutput = .pipe
/// ```
public struct ProcessOptions: Sendable, Hashable {
    /// The program: a path, if there is a slash in it; else a name that is looked for in the
    /// directories of `PATH`, that of the program's own environment.
    public var program: String
    /// What it is told, without its own name.
    public var arguments: [String]
    /// What it is told to be its name, its argument 0; nil for ``program``.
    public var name: String?
    /// The variables of its environment; those of this process at first.
    public var environment = ProcessEnvironment.inherited
    /// The directory that it starts in; nil for that of this process. A relative ``program`` with a
    /// slash begins there.
    public var directory: String?
    /// The user that it is to be, by number; nil for that of this process. Needs the privilege to
    /// change that. All supplementary groups are dropped; the group stays, unless ``groupID`` says
    /// otherwise.
    public var userID: UInt32?
    /// The group that it is to have, by number; nil for that of this process.
    public var groupID: UInt32?
    /// Whether it leads a session and a process group of its own: no terminal ends it with this
    /// process, and what ends it ends the whole group with it, see ``ChildProcess/kill(_:)``.
    public var isDetached = false

    /// What its standard input is; that of this process at first.
    public var standardInput = ProcessDescriptor.inherited
    /// What its standard output is; that of this process at first.
    public var standardOutput = ProcessDescriptor.inherited
    /// What its standard error is; that of this process at first.
    public var standardError = ProcessDescriptor.inherited
    /// What its descriptors from 3 on are. Besides these it gets what this process has open without
    /// the mark close-on-exec: nothing that this library opens; see
    /// ``EventLoop/disableDescriptorInheritance()``.
    public var extraDescriptors: [ProcessDescriptor] = []

    /// A program with its arguments.
    public init(_ program: String, _ arguments: String...) {
        self.init(program, arguments: arguments)
    }

    /// A program with its arguments.
    public init(_ program: String, arguments: [String]) {
        self.program = program
        self.arguments = arguments
    }

    /// What all descriptors from 0 on are.
    var descriptors: [ProcessDescriptor] {
        let standard = [standardInput, standardOutput, standardError]
        return extraDescriptors.isEmpty ? standard : standard + extraDescriptors
    }
}

/// What a descriptor of a child process is, such as its standard output.
public enum ProcessDescriptor: Sendable, Hashable {
    /// The null device for the three standard ones, nothing for the others.
    case ignored
    /// The descriptor of the same number that this process has.
    case inherited
    /// A pipe, whose other end this process gets: to write for standard input, to read for all
    /// others. It has one direction only.
    case pipe
    /// As ``pipe``, the other way round: to read for standard input, to write for all others.
    case reversePipe
    /// One of two connected sockets, whose other end this process gets, to read and to write.
    case socket
    /// A descriptor of this process, by its number there. The child gets a duplicate, and this
    /// process keeps its own: to close it after the start is up to the caller.
    case descriptor(Int32)
    /// The same as the child's standard output: for standard error, as `2>&1` in a shell, and for
    /// extra ones.
    case standardOutput
}

/// The variables of a child's environment.
public enum ProcessEnvironment: Sendable, Hashable {
    /// Those of this process.
    case inherited
    /// Those of this process but for the ones named: with another value, or without any for nil.
    case inheriting(changing: [String: String?])
    /// These, and no others.
    case exactly([String: String])
}
