import ExampleSupport
import UVLoop

/// A store of texts by their names for `nc 127.0.0.1 7003`: a command in each line.
@main struct Lines {
    static let usage = "usage: lines [--port P] [--patience SECONDS]"

    static func main() {
        var words = CommandLineWords(usage: usage)
        var port = 7003
        var patience = Duration.seconds(60)
        while let word = words.next() {
            switch word {
            case "--port": port = words.number(for: word, in: 0...65_535)
            case "--patience": patience = .seconds(words.number(for: word, in: 1...86_400))
            default: words.reject("unknown option: \(word)")
            }
        }
        do {
            try serve(port: port, patience: patience)
        } catch {
            fail("lines: \(error)")
        }
    }

    static func serve(port: Int, patience: Duration) throws {
        try EventLoop.run { loop in
            let service = LineService(store: Store(on: loop), patience: patience)
            let listener = try await loop.listen(on: .ip("127.0.0.1", port: port))
            say("listening on \(listener.addresses[0])")
            async let serving: Void = listener.serve { try await service.serve($0) }
            await terminationSignal(on: loop)
            try await listener.shutdown(grace: .seconds(1))
            try await serving
        }
    }
}
