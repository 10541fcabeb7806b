import ExampleSupport
import UVLoop

/// Fetches a file over HTTP/1.0, or serves the files of a folder to those who do.
@main struct Fetch {
    static let usage = """
        usage: fetch http://HOST[:PORT]/PATH [--output FILE] [--timeout SECONDS]
               fetch serve FOLDER [--port P]
        """

    static func main() {
        var words = CommandLineWords(usage: usage)
        guard let first = words.next() else { words.reject("a URL, or serve?") }
        do {
            if first == "serve" {
                try serve(&words)
            } else {
                guard let url = WebAddress(first) else { words.reject("not a URL: \(first)") }
                try fetch(url, &words)
            }
        } catch {
            fail("fetch: \(error)")
        }
    }

    static func fetch(_ url: WebAddress, _ words: inout CommandLineWords) throws {
        var output: String?
        var timeout = Duration.seconds(30)
        while let word = words.next() {
            switch word {
            case "--output":
                output = words.next()
                if output == nil { words.reject("\(word) needs a file") }
            case "--timeout": timeout = .seconds(words.number(for: word, in: 1...86_400))
            default: words.reject("unknown option: \(word)")
            }
        }
        try download(url, to: output, timeout: timeout)
    }

    static func serve(_ words: inout CommandLineWords) throws {
        guard let path = words.next() else { words.reject("which folder?") }
        var port = 7004
        while let word = words.next() {
            switch word {
            case "--port": port = words.number(for: word, in: 0...65_535)
            default: words.reject("unknown option: \(word)")
            }
        }
        try EventLoop.run { loop in
            let server = FileServer(folder: try await ServedFolder(path, on: loop))
            let listener = try await loop.listen(on: .ip("127.0.0.1", port: port))
            say("listening on \(listener.addresses[0])")
            async let serving: Void = listener.serve { try await server.serve($0) }
            await terminationSignal(on: loop)
            try await listener.shutdown(grace: .seconds(1))
            try await serving
        }
    }
}
