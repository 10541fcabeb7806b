import ExampleSupport
import UVLoop

/// Shows each key that is pressed and the size of the terminal, now and when it changes, until `q`,
/// Ctrl-C or SIGTERM. Then the terminal is as it was.
@main struct Keys {
    static let usage = "usage: keys"

    static func main() {
        var words = CommandLineWords(usage: usage)
        if let word = words.next() { words.reject("unknown option: \(word)") }
        do {
            try EventLoop.run { loop in
                let session = loop.spawn { loop in try await Session(on: loop).run() }
                for watch in try onTerminationSignal(loop, { session.cancel() }) {
                    watch.keepsLoopAlive = false
                }
                do {
                    try await session.value
                } catch is CancellationError {
                    // Asked to end.
                }
            }
        } catch {
            fail("keys: \(error)")
        }
    }
}
