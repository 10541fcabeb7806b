import ExampleSupport
import UVLoop

/// Keeps a program running: starts it again when it ends, and passes signals on to it.
///
/// ```
/// supervise --pause 100 -- python3 -m http.server 8000
/// ```
///
/// - A program that fails is started again after a pause; one that ends with success is done.
/// - SIGHUP, SIGUSR1 and SIGUSR2 go to the program, whatever they mean there.
/// - SIGTERM and SIGINT end it: it gets SIGTERM, and SIGKILL if it is still there after the grace.
@main struct Supervise {
    static let usage = """
        usage: supervise [--pause MILLISECONDS] [--grace MILLISECONDS] [--restarts N] \
        -- PROGRAM [ARGUMENT...]
        """

    static func main() {
        var words = CommandLineWords(usage: usage)
        var supervisor = Supervisor()
        while let word = words.next(), word != "--" {
            switch word {
            case "--pause":
                supervisor.pause = .milliseconds(words.number(for: word, in: 0...3_600_000))
            case "--grace":
                supervisor.grace = .milliseconds(words.number(for: word, in: 0...3_600_000))
            case "--restarts": supervisor.restarts = words.number(for: word, in: 0...1_000_000)
            default: words.reject("unknown option: \(word)")
            }
        }
        guard let program = words.next() else { words.reject("which program?") }
        var arguments: [String] = []
        while let word = words.next() { arguments.append(word) }
        supervisor.options = ProcessOptions(program, arguments: arguments)
        do {
            try supervisor.run()
        } catch {
            fail("supervise: \(error)")
        }
    }
}
