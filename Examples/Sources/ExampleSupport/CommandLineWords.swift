/// The words of a command line, taken one by one; a wrong one ends the program with the usage.
public struct CommandLineWords {
    private var words: ArraySlice<String>
    private let usage: String

    /// The words after the program's name.
    public init(usage: String) {
        words = CommandLine.arguments.dropFirst()
        self.usage = usage
    }

    /// The next word, nil at the end.
    public mutating func next() -> String? { words.popFirst() }

    /// The next word as a number in a range.
    public mutating func number(for option: String, in range: ClosedRange<Int>) -> Int {
        guard let word = next(), let number = Int(word), range.contains(number) else {
            reject("\(option) needs a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Ends the program: this is no command line for it.
    public func reject(_ reason: String) -> Never {
        fail("\(reason)\n\(usage)", status: 2)
    }
}
