import ExampleSupport
import UVLoop

/// Forwards TCP connections to another address.
@main struct Proxy {
    static let usage = "usage: proxy --to HOST:PORT [--port P] [--grace SECONDS]"

    static func main() {
        var words = CommandLineWords(usage: usage)
        var port = 7005
        var grace = Duration.seconds(1)
        var target: Endpoint?
        while let word = words.next() {
            switch word {
            case "--port": port = words.number(for: word, in: 0...65_535)
            case "--grace": grace = .seconds(words.number(for: word, in: 0...3_600))
            case "--to": target = endpoint(words.next() ?? "")
            default: words.reject("unknown option: \(word)")
            }
        }
        guard let target else { words.reject("to whom?") }
        do {
            try serve(port: port, target: target, grace: grace)
        } catch {
            fail("proxy: \(error)")
        }
    }

    /// `localhost:80`, `127.0.0.1:80` or `[::1]:80`.
    static func endpoint(_ text: String) -> Endpoint? {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : .host(String(host), port: port)
    }

    static func serve(port: Int, target: Endpoint, grace: Duration) throws {
        try EventLoop.run { loop in
            let listener = try await loop.listen(on: .ip("127.0.0.1", port: port))
            say("listening on \(listener.addresses[0])")
            async let serving: Void = listener.serve { try await forward($0, to: target) }
            await terminationSignal(on: loop)
            try await listener.shutdown(grace: grace)
            try await serving
        }
    }
}
