import ExampleSupport
import UVLoop

/// An app whose default loop is replaced: its state lives on the main actor, and the main actor is
/// the loop, so the server's handlers and `Task.sleep` never leave the main thread.
///
/// Tells everyone who connects how many have, and ends after a time.
@main struct Status {
    static let usage = "usage: status [--port P] [--milliseconds N]"

    static func main() async throws {
        try EventLoop.install()
        var words = CommandLineWords(usage: usage)
        var (port, milliseconds) = (0, 5_000)
        while let word = words.next() {
            switch word {
            case "--port": port = words.number(for: word, in: 0...65_535)
            case "--milliseconds": milliseconds = words.number(for: word, in: 1...3_600_000)
            default: words.reject("unknown option: \(word)")
            }
        }
        do {
            try await serve(on: .ip("127.0.0.1", port: port), for: .milliseconds(milliseconds))
        } catch {
            fail("status: \(error)")
        }
    }

    @MainActor
    private static func serve(on endpoint: Endpoint, for time: Duration) async throws {
        let visitors = Visitors()
        let listener = try await EventLoop.main!.listen(on: endpoint)
        say("listening on \(listener.addresses[0])")
        let server = Task {
            try await listener.serve { stream in
                let number = await visitors.count()
                try await stream.send("visitor \(number)\n")
            }
        }
        try await Task.sleep(for: time)
        await listener.close()
        try await server.value
        say("visitors: \(visitors.number)")
    }
}

/// The state of the app.
@MainActor
final class Visitors {
    private(set) var number = 0

    func count() -> Int {
        number += 1
        return number
    }
}
