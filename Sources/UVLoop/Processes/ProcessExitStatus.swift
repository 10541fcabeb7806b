/// How a process has ended: by itself, with a code, or by a signal.
public enum ProcessExitStatus: Hashable, Sendable {
    /// It ended by itself, with this code: 0 for success, at most 255.
    case exited(Int32)
    /// A signal ended it.
    case signaled(Signal)

    /// Whether it ended by itself with the code 0.
    public var isSuccess: Bool { self == .exited(0) }

    /// The number that a shell shows: the code, or 128 and the signal's number.
    public var shellCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal.rawValue
        }
    }
}

extension ProcessExitStatus: CustomStringConvertible {
    /// `exited with 1`, `ended by SIGKILL`.
    public var description: String {
        switch self {
        case .exited(let code): "exited with \(code)"
        case .signaled(let signal): "ended by \(signal)"
        }
    }
}
