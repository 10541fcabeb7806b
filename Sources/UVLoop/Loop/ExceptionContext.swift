/// What an event loop tells its exception handler: a callback that threw, an accept that failed,
/// and in debug mode a callback that was slow or a handle that was left open.
public struct ExceptionContext: Sendable {
    /// What happened, as a sentence.
    public let message: String
    /// The error that was thrown, if it is about one.
    public let error: (any Error)?
    /// Where it happened.
    public let source: CallbackSource

    init(_ message: String, error: (any Error)? = nil, source: CallbackSource) {
        self.message = message
        self.error = error
        self.source = source
    }
}

extension ExceptionContext: CustomStringConvertible {
    /// One line for a log.
    public var description: String {
        if let error { "\(message): \(error)" } else { message }
    }
}

/// Receives what an ``EventLoop`` reports, on the loop's thread. It may throw: the loop then writes
/// both to standard error and lives on.
public typealias ExceptionHandler = (ExceptionContext) throws -> Void
