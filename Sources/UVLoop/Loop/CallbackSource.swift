/// Which of the user's code the loop was running: the place that reports name.
public enum CallbackSource: Hashable, Sendable {
    /// A callback of ``EventLoop/callSoon(_:)``.
    case callSoon
    /// A closure that ``EventLoop/execute(_:)`` posted.
    case execute
    /// A timer's callback.
    case timer
    /// A callback of a ``Prepare``, ``Check`` or ``Idle``, by the name of its type.
    case phase(String)
    /// A requirement of a protocol, by its name: `dataReceived`.
    case protocolMethod(String)
    /// The closure with which a server makes a protocol for a new connection.
    case serverFactory
    /// The closure with which a ``Listener`` serves a connection.
    case streamHandler
    /// A server that accepts connections.
    case server
    /// The completion closure of a connection attempt.
    case connectCompletion
    /// The completion closure of a look-up.
    case lookupCompletion
    /// The completion closure of random bytes.
    case randomCompletion
    /// A job of a Swift task.
    case task
    /// The loop itself.
    case loop
}

extension CallbackSource: CustomStringConvertible {
    /// The place in words: `callSoon callback`, `dataReceived`.
    public var description: String {
        switch self {
        case .callSoon: "callSoon callback"
        case .execute: "posted closure"
        case .timer: "timer callback"
        case .phase(let name): "\(name) callback"
        case .protocolMethod(let name): name
        case .serverFactory: "the server's protocol factory"
        case .streamHandler: "a listener's handler"
        case .server: "server"
        case .connectCompletion: "connect completion"
        case .lookupCompletion: "look-up completion"
        case .randomCompletion: "completion of random bytes"
        case .task: "task"
        case .loop: "event loop"
        }
    }

    /// The same, with the place where its handle was made, if that is known.
    func described(at place: SourcePlace?) -> String {
        place.map { "\(self), made at \($0.description)," } ?? description
    }
}
