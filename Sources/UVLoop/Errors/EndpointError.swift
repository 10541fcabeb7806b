/// Why an ``Endpoint`` could not be resolved, bound, listened on or connected to.
///
/// It names the endpoint or the address that failed, and where several addresses were tried, what
/// became of each:
///
/// ```
/// connect localhost:80: ECONNREFUSED: connection refused
///   connect [::1]:80: ECONNREFUSED: connection refused
///   connect 127.0.0.1:80: ECONNREFUSED: connection refused
/// ```
public struct EndpointError: Error, Hashable, Sendable {
    /// The step that failed.
    public enum Operation: String, Hashable, Sendable {
        /// Turning a name, or the text of an address, into addresses.
        case resolve
        /// Giving a socket its local address.
        case bind
        /// Starting to listen.
        case listen
        /// Connecting to the peer.
        case connect
    }

    /// The step that failed.
    public let operation: Operation
    /// The endpoint or address it failed for, as text: `127.0.0.1:80`.
    public let endpoint: String
    /// What libuv or the system said. Of several attempts, what the last one failed with, unless
    /// they were cut off together: by a timeout (``UVError/timedOut``) or by cancelling.
    public let code: UVError
    /// Where several addresses were tried: each one's failure, in the order of the tries.
    public let attempts: [EndpointError]

    init(_ operation: Operation, _ endpoint: String, _ code: UVError) {
        self.operation = operation
        self.endpoint = endpoint
        self.code = code
        attempts = []
    }

    /// One error for all that was tried: the only failure itself, or a summary of several.
    init(combining attempts: [EndpointError], for endpoint: String) {
        guard attempts.count > 1, let last = attempts.last else {
            self = attempts.first ?? EndpointError(.resolve, endpoint, .lookupNoAddress)
            return
        }
        operation = last.operation
        self.endpoint = endpoint
        code = last.code
        self.attempts = attempts
    }

    /// An error that cut off whatever was being tried.
    init(_ code: UVError, for endpoint: String, after attempts: [EndpointError]) {
        operation = .connect
        self.endpoint = endpoint
        self.code = code
        // A single one says nothing that is not said already.
        self.attempts = attempts.count > 1 ? attempts : []
    }
}

extension EndpointError: CustomStringConvertible {
    /// The step, the endpoint and the reason; a line for each attempt below it.
    public var description: String {
        (["\(operation.rawValue) \(endpoint): \(code)"] + attempts.map { "  \($0)" })
            .joined(separator: "\n")
    }
}
