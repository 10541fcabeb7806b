/// A server by the name it has on the command line: one of the list of all.
struct Contender {
    let name: String
    let program: ServerProgram
    /// Which of the program's ways to serve.
    let api: String

    init(_ name: String, _ program: ServerProgram, api: String) {
        self.name = name
        self.program = program
        self.api = api
    }

    static let all = [
        Contender("c", .built("CServer"), api: "try"),
        Contender("queued", .built("CServer"), api: "queued"),
        Contender("epoll", .built("EpollServer"), api: "epoll"),
        Contender("buffered", .built("BenchServer"), api: "buffered"),
        Contender("protocol", .built("BenchServer"), api: "protocol"),
        Contender("stream", .built("BenchServer"), api: "stream"),
        Contender("nio", .swiftNIO, api: "handler"),
        Contender("nio-async", .swiftNIO, api: "async"),
        Contender("dispatch", .built("NativeServer"), api: "sources"),
        Contender("foundation", .built("NativeServer"), api: "runloop"),
        Contender("asyncio", .asyncio, api: "protocol"),
        Contender("asyncio-buffered", .asyncio, api: "buffered"),
        Contender("asyncio-streams", .asyncio, api: "stream"),
        Contender("uvloop", .uvloop, api: "protocol"),
        Contender("uvloop-buffered", .uvloop, api: "buffered"),
        Contender("uvloop-streams", .uvloop, api: "stream"),
        Contender("node", .node, api: "net"),
    ]

    /// What can be asked for.
    static var known: [String] { all.map(\.name) }

    static func named(_ name: String) throws(Failure) -> Contender {
        guard let contender = all.first(where: { $0.name == name }) else {
            throw Arguments.rejected("unknown server: \(name)")
        }
        return contender
    }

    func arguments(mode: String) -> [String] {
        ["--port", "0", "--mode", mode, "--api", api]
    }
}
