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
    /// The closure of a ``SignalWatch``.
    case signal(Signal)
    /// The closure that hears of the end of a ``ProcessHandle``.
    case processExit
    /// A callback of a ``Poll``.
    case poll
    /// A callback of a ``TerminalSizeWatch``.
    case terminalSize
    /// The completion closure of a call in the thread pool.
    case blockingCompletion
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
    /// The completion closure of an operation on files.
    case fileCompletion
    /// The handler of a ``PathWatch`` or a ``StatusPoll``, by the name of its type.
    case watch(String)
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
        case .signal(let signal): "\(signal) callback"
        case .processExit: "process exit callback"
        case .poll: "Poll callback"
        case .terminalSize: "terminal size callback"
        case .blockingCompletion: "completion of a blocking call"
        case .protocolMethod(let name): name
        case .serverFactory: "the server's protocol factory"
        case .streamHandler: "a listener's handler"
        case .server: "server"
        case .connectCompletion: "connect completion"
        case .fileCompletion: "file completion"
        case .watch(let name): "\(name) handler"
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
