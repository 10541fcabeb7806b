import ExampleSupport

/// The echo server and client of asyncio's articles about streams.
@main struct StreamEcho {
    static let usage = """
        usage: stream-echo server [--port P]
               stream-echo client --port P text...
        """

    static func main() {
        var words = CommandLineWords(usage: usage)
        let command = words.next()
        var port: Int?
        var texts: [String] = []
        while let word = words.next() {
            switch word {
            case "--port": port = words.number(for: word, in: 0...65_535)
            case _ where command == "client" && !word.hasPrefix("--"): texts.append(word)
            default: words.reject("unknown option: \(word)")
            }
        }
        do {
            switch command {
            case "server": try serve(port: port ?? 7002)
            case "client":
                guard let port, port > 0 else { words.reject("the client needs --port P") }
                try talk(port: port, texts: texts)
            default: words.reject("server or client?")
            }
        } catch {
            fail("stream-echo: \(error)")
        }
    }
}
