/// A server by the name it has on the command line.
struct Contender {
    let name: String

    /// What can be asked for.
    static let known = ["c", "c-queued", "buffered", "protocol", "stream"]

    var program: String {
        name == "c" || name == "c-queued" ? "CServer" : "BenchServer"
    }

    func arguments(mode: String) -> [String] {
        let common = ["--port", "0", "--mode", mode]
        switch name {
        case "c": return common
        case "c-queued": return common + ["--no-try"]
        default: return common + ["--api", name]
        }
    }
}
