import CUV

/// The size of a terminal, in characters.
public struct TerminalSize: Sendable, Hashable {
    /// How many characters are in a line; 0 if nobody has said.
    public let columns: Int
    /// How many lines there are; 0 if nobody has said.
    public let rows: Int

    /// A size.
    public init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}

/// How a terminal treats what is typed, and what is written.
public enum TerminalMode: Hashable, Sendable {
    /// As the terminal was: usually lines, which can be edited and are echoed, and keys that send
    /// signals.
    case normal
    /// Each key at once, without echo, Ctrl-C included. Line feeds that are written still begin a
    /// new line.
    case raw
    /// Bytes as they are, both ways.
    case io

    var libuv: uv_tty_mode_t {
        switch self {
        case .normal: UV_TTY_MODE_NORMAL
        case .raw: UV_TTY_MODE_RAW
        case .io: UV_TTY_MODE_IO
        }
    }
}

/// Which way the bytes go through a descriptor of a terminal.
public enum TerminalDirection: Hashable, Sendable {
    /// What is typed is received; writing is refused.
    case input
    /// What is sent is shown; nothing is received.
    case output

    var directions: ConnectionState.Directions { self == .input ? .receiving : .sending }
}

/// Gives terminals back as they were, when the process ends.
enum TerminalReset {
    /// Registers it, once.
    static let atExit: Void = { _ = atexit { uv_tty_reset_mode() } }()
}
