/// One behaviour that a kind of stream shall show; made by a ``StreamSuite``.
public struct StreamCheck: Sendable, Identifiable, CustomStringConvertible {
    /// What a check needs of a stream.
    public enum Group: String, Sendable, CaseIterable {
        /// One end that sends and one that receives.
        case oneWay = "one way"
        /// As `oneWay`, and nothing can be sent without waiting.
        case clogged
        /// Both ends send and receive.
        case twoWay = "two way"
        /// Both ends send and receive, and one direction can end before the other.
        case halfCloseable = "half-closeable"
    }

    /// What is checked, as a sentence; for one of two directions, with the direction.
    public let name: String
    /// What the check needs of a stream.
    public let group: Group
    private let body: @Sendable () async throws -> Void

    init(name: String, group: Group, body: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.group = group
        self.body = body
    }

    /// The group and the name, which no other check of the suite has.
    public var id: String { description }

    /// The group and the name.
    public var description: String { "\(group.rawValue): \(name)" }

    /// Makes pairs, checks them, and aborts them.
    ///
    /// - Throws: ``ConformanceViolation`` if the streams behave otherwise; the error of a maker of
    ///   pairs; `CancellationError` in a cancelled task.
    public func run() async throws {
        try await body()
    }
}
