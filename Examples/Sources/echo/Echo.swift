import ExampleSupport

/// An echo server, its client, and a demonstration of the two.
@main struct Echo {
    static let usage = """
        usage: echo server [--port P] [--plain]
               echo client --port P [--plain] [text...]
               echo demo
        """

    static func main() {
        var words = CommandLineWords(usage: usage)
        let command = words.next()
        var port: Int?
        var plain = false
        var texts: [String] = []
        while let word = words.next() {
            switch word {
            case "--port": port = words.number(for: word, in: 0...65_535)
            case "--plain": plain = true
            case _ where command == "client" && !word.hasPrefix("--"): texts.append(word)
            default: words.reject("unknown option: \(word)")
            }
        }
        do {
            switch command {
            case "server": try (plain ? servePlainEcho : serveEcho)(port ?? 7000)
            case "client":
                guard let port, port > 0 else { words.reject("the client needs --port P") }
                let messages = (texts.isEmpty ? ["hello"] : texts).map { Message($0) }
                _ = try talk(toPort: port, plain: plain, messages: messages)
            case "demo": try demonstrate()
            default: words.reject("server, client or demo?")
            }
        } catch {
            fail("echo: \(error)")
        }
    }
}
