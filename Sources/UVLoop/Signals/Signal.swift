import CUV

/// A signal of the system, by its number: what a process is told from outside.
///
/// ```swift
/// try await child.kill(.terminate)
/// for await signal in try await loop.signals(.hangUp, .terminate) { print(signal) }
/// ```
///
/// Printing one gives its C name: `SIGTERM`. The numbers of most differ between systems.
public struct Signal: RawRepresentable, Hashable, Sendable {
    /// The system's number.
    public let rawValue: Int32

    /// A signal by its number, which need not be one that exists: whoever uses it finds out.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    init(_ number: Int32) { rawValue = number }

    // MARK: Ending

    /// `SIGTERM`: please end. What `kill` sends, and a supervisor.
    public static let terminate = Signal(SIGTERM)
    /// `SIGINT`: the user has pressed Control-C.
    public static let interrupt = Signal(SIGINT)
    /// `SIGQUIT`: the user has pressed Control-\\; ends with a core file.
    public static let quit = Signal(SIGQUIT)
    /// `SIGHUP`: the terminal has gone; servers read their configuration again.
    public static let hangUp = Signal(SIGHUP)
    /// `SIGKILL`: ends the process; it cannot be watched, nor ignored.
    public static let kill = Signal(SIGKILL)
    /// `SIGABRT`: the process has ended itself by `abort`.
    public static let abort = Signal(SIGABRT)

    // MARK: Telling

    /// `SIGUSR1`: means what the program says.
    public static let user1 = Signal(SIGUSR1)
    /// `SIGUSR2`: means what the program says.
    public static let user2 = Signal(SIGUSR2)
    /// `SIGWINCH`: the terminal has another size.
    public static let windowChanged = Signal(SIGWINCH)
    /// `SIGCHLD`: a child has ended. libuv uses it for ``ChildProcess``; it can be watched, too.
    public static let child = Signal(SIGCHLD)
    /// `SIGPIPE`: written to a pipe that nobody reads. A loop ignores it.
    public static let brokenPipe = Signal(SIGPIPE)
    /// `SIGALRM`: the time of `alarm` is over.
    public static let alarm = Signal(SIGALRM)
    /// `SIGURG`: urgent data has come to a socket.
    public static let urgentData = Signal(SIGURG)
    /// `SIGIO`: a descriptor is ready.
    public static let ioPossible = Signal(SIGIO)

    // MARK: Stopping

    /// `SIGSTOP`: stops the process until ``resume``; it cannot be watched, nor ignored.
    public static let stop = Signal(SIGSTOP)
    /// `SIGTSTP`: the user has pressed Control-Z.
    public static let terminalStop = Signal(SIGTSTP)
    /// `SIGCONT`: lets a stopped process go on.
    public static let resume = Signal(SIGCONT)
    /// `SIGTTIN`: a background process has read from the terminal.
    public static let terminalInput = Signal(SIGTTIN)
    /// `SIGTTOU`: a background process has written to the terminal.
    public static let terminalOutput = Signal(SIGTTOU)

    // MARK: Faults and limits

    /// `SIGSEGV`: touched memory that is not there.
    public static let segmentationFault = Signal(SIGSEGV)
    /// `SIGBUS`: touched memory behind which there is nothing.
    public static let busError = Signal(SIGBUS)
    /// `SIGILL`: an instruction that does not exist. Swift's own traps are this or ``trap``.
    public static let illegalInstruction = Signal(SIGILL)
    /// `SIGTRAP`: a breakpoint.
    public static let trap = Signal(SIGTRAP)
    /// `SIGFPE`: an arithmetic fault, such as a division by zero.
    public static let arithmeticFault = Signal(SIGFPE)
    /// `SIGSYS`: a system call that does not exist, or is forbidden.
    public static let badSystemCall = Signal(SIGSYS)
    /// `SIGXCPU`: more processor time than the limit.
    public static let processorLimit = Signal(SIGXCPU)
    /// `SIGXFSZ`: a file larger than the limit.
    public static let fileSizeLimit = Signal(SIGXFSZ)
    /// `SIGVTALRM`: a timer of processor time.
    public static let virtualAlarm = Signal(SIGVTALRM)
    /// `SIGPROF`: a timer of a profiler.
    public static let profilingAlarm = Signal(SIGPROF)

    private static let names: [Int32: String] = [
        SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGHUP: "SIGHUP",
        SIGKILL: "SIGKILL", SIGABRT: "SIGABRT", SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2",
        SIGWINCH: "SIGWINCH", SIGCHLD: "SIGCHLD", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM",
        SIGURG: "SIGURG", SIGIO: "SIGIO", SIGSTOP: "SIGSTOP", SIGTSTP: "SIGTSTP",
        SIGCONT: "SIGCONT", SIGTTIN: "SIGTTIN", SIGTTOU: "SIGTTOU", SIGSEGV: "SIGSEGV",
        SIGBUS: "SIGBUS", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP", SIGFPE: "SIGFPE",
        SIGSYS: "SIGSYS", SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGVTALRM: "SIGVTALRM",
        SIGPROF: "SIGPROF",
    ]

    /// The C name, such as `SIGTERM`; nil for a number that has none here.
    public var name: String? { Self.names[rawValue] }

    // MARK: Sending

    /// Sends the signal to any process, which need not be a child; from any thread. A
    /// ``ChildProcess`` has a method of its own, which never reaches another process that got the
    /// number of one that has ended.
    ///
    /// Binds `uv_kill`.
    ///
    /// - Parameter processID: a process; 0 for all of the caller's group; the negative number of a
    ///   group for all of it.
    /// - Throws: ``UVError/noSuchProcess``; ``UVError/notPermitted`` for a process of somebody
    ///   else; ``UVError/invalidArgument`` for a number that is no signal.
    public func send(to processID: Int32) throws(UVError) {
        try UVError.check(uv_kill(processID, rawValue))
    }
}

extension Signal: CustomStringConvertible {
    /// The C name, or `signal 40` for a number that has none here.
    public var description: String { name ?? "signal \(rawValue)" }
}
