import ExampleSupport
import UVLoop

/// Prints the last lines of a file, and then what is written to it, until SIGINT or SIGTERM: as
/// `tail -F`, also when the file is cut off, removed, made again, or replaced.
@main struct Tail {
    static let usage = "usage: tail FILE [--lines N]"

    static func main() {
        var words = CommandLineWords(usage: usage)
        guard let path = words.next() else { words.reject("which file?") }
        var lineCount = 10
        while let word = words.next() {
            switch word {
            case "--lines": lineCount = words.number(for: word, in: 0...1_000)
            default: words.reject("unknown option: \(word)")
            }
        }
        do {
            try EventLoop.run { loop in
                let following = loop.spawn { loop in
                    var file = try FollowedFile(path, on: loop)
                    try await file.follow(fromLast: lineCount)
                }
                for watch in try onTerminationSignal(loop, { following.cancel() }) {
                    watch.keepsLoopAlive = false
                }
                do {
                    try await following.value
                } catch is CancellationError {
                    // Asked to end.
                }
            }
        } catch {
            fail("tail: \(error)")
        }
    }
}
