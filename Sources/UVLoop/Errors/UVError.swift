import CUV

/// An error code of libuv: what a system call or libuv itself refused.
///
/// The raw value is libuv's own negative number, so that nothing is lost on the way; the named
/// constants (``connectionRefused``, ``addressInUse``, …) are what code should compare with:
///
/// ```swift
/// do { try transport.write(bytes) } catch .brokenPipe { … }
/// ```
///
/// Printing one gives the C name and libuv's sentence: `ECONNREFUSED: connection refused`.
public struct UVError: Error, RawRepresentable, Hashable, Sendable {
    /// libuv's error number; always negative.
    public let rawValue: Int32

    /// An error from libuv's own (negative) number.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    init(_ code: uv_errno_t) {
        rawValue = code.rawValue
    }

    /// An error from a positive `errno` of the system. Binds `uv_translate_sys_error`.
    public init(errno: Int32) {
        rawValue = uv_translate_sys_error(errno)
    }

    /// The C name without its prefix, such as `ECONNREFUSED`. Binds `uv_err_name_r`.
    public var name: String {
        Self.text { uv_err_name_r(rawValue, $0, $1) }
    }

    /// libuv's sentence for the error, such as `connection refused`. Binds `uv_strerror_r`.
    public var message: String {
        Self.text { uv_strerror_r(rawValue, $0, $1) }
    }

    // The `_r` forms: the plain ones leak memory for numbers that libuv does not know.
    private static func text(
        _ fill: (UnsafeMutablePointer<CChar>, Int) -> UnsafeMutablePointer<CChar>?
    ) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            _ = fill(buffer.baseAddress!, buffer.count)
            return String(cString: buffer.baseAddress!)
        }
    }
}

extension UVError: CustomStringConvertible {
    /// The C name and libuv's sentence: `ECONNREFUSED: connection refused`.
    public var description: String { "\(name): \(message)" }
}

extension UVError {
    /// Turns libuv's way of failing, a negative result, into a throw; gives back the result
    /// otherwise. Every call into libuv that can fail goes through here.
    @discardableResult
    static func check(_ result: Int32) throws(UVError) -> Int32 {
        guard result >= 0 else { throw UVError(rawValue: result) }
        return result
    }

    /// The same, for a count of bytes.
    static func check(_ result: Int) throws(UVError) -> Int {
        guard result >= 0 else { throw UVError(rawValue: Int32(truncatingIfNeeded: result)) }
        return result
    }
}
