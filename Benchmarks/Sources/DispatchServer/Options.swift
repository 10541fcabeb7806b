/// What the command line asks for.
struct Options {
    enum Mode: String { case echo, sink, source, frames }

    var port = -1
    var mode = Mode.echo

    private static let usage =
        "usage: DispatchServer --port P --mode echo|sink|source|frames [--api sources]"

    init(_ words: some Sequence<String>) {
        var words = words.makeIterator()
        while let name = words.next() {
            guard let value = words.next() else { fail(Self.usage, status: 2) }
            switch (name, value) {
            case ("--port", _):
                guard let number = UInt16(value) else { fail(Self.usage, status: 2) }
                port = Int(number)
            case ("--mode", _):
                guard let known = Mode(rawValue: value) else { fail(Self.usage, status: 2) }
                mode = known
            case ("--api", "sources"): break
            default: fail(Self.usage, status: 2)
            }
        }
        guard port >= 0 else { fail(Self.usage, status: 2) }
    }
}
