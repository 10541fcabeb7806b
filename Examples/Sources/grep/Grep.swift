import ExampleSupport
import UVLoop

/// Prints the lines below a folder that contain a text, with where they are. Some files are
/// searched at the same time. The status is 1 if there are none.
@main struct Grep {
    static let usage = "usage: grep TEXT FOLDER [--jobs N]"

    static func main() {
        var words = CommandLineWords(usage: usage)
        guard let text = words.next(), !text.isEmpty, let folder = words.next() else {
            words.reject("which text, and where?")
        }
        // As many as libuv's pool has threads: more would only wait there.
        var jobs = 4
        while let word = words.next() {
            switch word {
            case "--jobs": jobs = words.number(for: word, in: 1...1_000)
            default: words.reject("unknown option: \(word)")
            }
        }
        do {
            let count = try EventLoop.run { loop in
                try await TreeSearch(files: loop.files, text: Array(text.utf8), jobs: jobs)
                    .search(folder)
            }
            if count == 0 { fail("nothing was found") }
        } catch {
            fail("grep: \(error)", status: 2)
        }
    }
}
