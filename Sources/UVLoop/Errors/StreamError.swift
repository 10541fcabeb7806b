/// Why an operation of a stream, a ``Listener`` or a ``DatagramSocket`` did not do what it was
/// asked for.
///
/// Besides these, a cancelled task gets `CancellationError`.
public enum StreamError: Error, Hashable, Sendable {
    /// Another task is in the middle of the same direction: there is one sender and one receiver
    /// at a time. Nothing has happened.
    case busy
    /// This side has ended the stream, or the direction: by `close`, `abort` or, for sending,
    /// `sendEOF`.
    case closed
    /// The peer or the network has ended the stream, or an earlier operation was cut off in its
    /// midst. It stays broken.
    case broken(UVError)
    /// The operation's time was over first.
    case timedOut
    /// The stream ended before as many bytes, or the delimiter, had come. What did come is still
    /// there to be received.
    case incomplete(available: Int)
    /// The limit was reached before the delimiter had come. The bytes are still there to be
    /// received.
    case tooLong(limit: Int)
    /// A count below one, or a limit or delimiter that makes no sense. Nothing has happened.
    case invalidArgument
}

extension StreamError: CustomStringConvertible {
    /// A sentence that says what was wrong.
    public var description: String {
        switch self {
        case .busy: "another task is using this direction of the stream"
        case .closed: "the stream has been closed on this side"
        case .broken(let error): "the stream is broken: \(error)"
        case .timedOut: "the time for the operation was over"
        case .incomplete(let available): "the stream ended early, after \(available) more bytes"
        case .tooLong(let limit): "no delimiter within \(limit) bytes"
        case .invalidArgument: "an argument of a stream's operation makes no sense"
        }
    }
}
