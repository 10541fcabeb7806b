/// What the command line asks for.
struct Options {
    enum Mode: String { case echo, sink, source, frames }
    enum API: String { case sources, runloop }

    var port = -1
    var mode = Mode.echo
    var api = API.sources

    private static let usage =
        "usage: NativeServer --port P --mode echo|sink|source|frames [--api sources|runloop]"

    init(_ words: some Sequence<String>) {
        var words = words.makeIterator()
        while let name = words.next() {
            guard let value = words.next() else { fail(Self.usage, status: 2) }
            switch name {
            case "--port":
                guard let number = UInt16(value) else { fail(Self.usage, status: 2) }
                port = Int(number)
            case "--mode":
                guard let known = Mode(rawValue: value) else { fail(Self.usage, status: 2) }
                mode = known
            case "--api":
                guard let known = API(rawValue: value) else { fail(Self.usage, status: 2) }
                api = known
            default: fail(Self.usage, status: 2)
            }
        }
        guard port >= 0 else { fail(Self.usage, status: 2) }
    }
}
