/// What the command line asks for.
struct Options {
    enum Mode: String, CaseIterable { case echo, sink, source, frames }
    enum API: String, CaseIterable { case buffered, `protocol`, stream }
    /// What SIGINT and SIGTERM do. To look for them wakes the loop now and then, which those who
    /// count instructions must not have: for them the process dies as the system does it.
    enum Signals: String, CaseIterable { case end, die }

    var port = 0
    var mode = Mode.echo
    var api = API.buffered
    var loops = 1
    var signals = Signals.end

    struct Problem: Error {
        let message: String
    }

    init(_ arguments: [String]) throws(Problem) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else {
                throw Problem(message: "\(name) needs a value")
            }
            switch name {
            case "--port": port = try Self.number(name, value, 0...65_535)
            case "--loops": loops = try Self.number(name, value, 1...1_024)
            case "--mode": mode = try Self.choice(name, value)
            case "--api": api = try Self.choice(name, value)
            case "--signals": signals = try Self.choice(name, value)
            default: throw Problem(message: "unknown option \(name)")
            }
        }
    }

    private static func number(
        _ name: String, _ value: String, _ range: ClosedRange<Int>
    ) throws(Problem) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw Problem(message: "\(name) takes a number in \(range), not \(value)")
        }
        return number
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ value: String
    ) throws(Problem) -> Choice {
        guard let choice = Choice(rawValue: value) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(message: "\(name) is one of \(known), not \(value)")
        }
        return choice
    }
}
