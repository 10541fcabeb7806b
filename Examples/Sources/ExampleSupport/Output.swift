#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Prints a line that is seen at once, also when the output is a pipe.
public func say(_ line: String) {
    print(line)
    fflush(nil)
}

/// Ends the program with a message on standard error.
///
/// - Parameter status: 1 for what went wrong, 2 for a command line that was not understood.
public func fail(_ message: String, status: Int32 = 1) -> Never {
    fflush(nil)
    _ = "\(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(status)
}
