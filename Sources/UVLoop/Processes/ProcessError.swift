/// Why a program was not started, or its output not collected.
///
/// ```
/// start git: ENOENT: no such file or directory
/// enter nowhere to start git: ENOENT: no such file or directory
/// git wrote more than 1048576 bytes
/// ```
public enum ProcessError: Error, Hashable, Sendable {
    /// The program could not be started: ``UVError/noSuchFileOrDirectory`` if it is not there,
    /// ``UVError/permissionDenied`` if it cannot be executed, ``UVError/notPermitted`` for a user
    /// or group that the caller may not be, ``UVError/tooManyOpenFiles``,
    /// ``UVError/argumentListTooLong``, ``UVError/invalidArgument`` for options that make no sense,
    /// ``UVError/canceled`` on a closed loop.
    case notStarted(program: String, UVError)
    /// The directory to start the program in could not be entered.
    case directoryNotEntered(String, program: String, UVError)
    /// `run`: one of the two outputs was longer than its bound. The program has been ended.
    case outputTooLong(program: String, limit: Int)
    /// `run`: the time was over. The program has been ended.
    case timedOut(program: String)
    /// ``ProcessOutput/checkSuccess()``: the program has ended otherwise. With the last of what it
    /// wrote to standard error.
    case failed(program: String, ProcessExitStatus, errorText: String)

    /// What libuv or the system said, if it is about that.
    public var code: UVError? {
        switch self {
        case .notStarted(_, let code), .directoryNotEntered(_, _, let code): code
        case .outputTooLong, .timedOut, .failed: nil
        }
    }
}

extension ProcessError: CustomStringConvertible {
    /// A sentence that names the program and says what was wrong.
    public var description: String {
        switch self {
        case .notStarted(let program, let code): "start \(program): \(code)"
        case .directoryNotEntered(let directory, let program, let code):
            "enter \(directory) to start \(program): \(code)"
        case .outputTooLong(let program, let limit): "\(program) wrote more than \(limit) bytes"
        case .timedOut(let program): "the time for \(program) was over"
        case .failed(let program, let status, let text):
            text.isEmpty ? "\(program) \(status)" : "\(program) \(status): \(text)"
        }
    }
}
