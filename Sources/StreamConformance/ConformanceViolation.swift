/// What a stream did otherwise than the contract has it.
public struct ConformanceViolation: Error, Hashable, Sendable {
    /// The name of the check that found it.
    public let behaviour: String
    /// What should have happened.
    public let expected: String
    /// What happened instead.
    public let actual: String
    /// Where in the suite that is expected.
    public let fileID: String
    /// The line in that file.
    public let line: Int
}

extension ConformanceViolation: CustomStringConvertible {
    /// A sentence with everything.
    public var description: String {
        "\"\(behaviour)\" does not hold: expected \(expected), but \(actual) (\(fileID):\(line))"
    }
}
