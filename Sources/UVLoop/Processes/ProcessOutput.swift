/// What a program has written, and how it has ended.
public struct ProcessOutput: Hashable, Sendable {
    /// The program, as it was named.
    public let program: String
    /// How it has ended.
    public let status: ProcessExitStatus
    /// What it wrote to standard output, if that was collected.
    public let standardOutput: [UInt8]
    /// What it wrote to standard error, if that was collected.
    public let standardError: [UInt8]

    /// The standard output as text; what is no UTF-8 becomes U+FFFD.
    public var text: String { String(decoding: standardOutput, as: UTF8.self) }

    /// The standard error as text; what is no UTF-8 becomes U+FFFD.
    public var errorText: String { String(decoding: standardError, as: UTF8.self) }

    /// Returns the output of a program that has ended with success.
    ///
    /// - Throws: ``ProcessError/failed(program:_:errorText:)`` if it has ended otherwise.
    @discardableResult
    public func checkSuccess() throws(ProcessError) -> ProcessOutput {
        guard status.isSuccess else {
            let last = String(decoding: standardError.suffix(1_000), as: UTF8.self)
            throw .failed(program: program, status, errorText: last)
        }
        return self
    }
}
