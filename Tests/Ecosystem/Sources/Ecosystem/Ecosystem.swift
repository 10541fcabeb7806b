import Foundation
import UVLoop

/// Runs one of the packages that others wrote, unchanged, and prints what came of it, line by line.
///
///     Ecosystem algorithms|flyingfox|httpclient|hummingbird|services native|single|mainOnly
///
/// What it prints must not depend on the second argument: whether, and how, UVLoop has replaced
/// Swift's default loop.
@main struct Ecosystem {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let programs = [
            "algorithms": Algorithms.run, "flyingfox": FlyingFoxServer.run,
            "httpclient": AsyncHTTPClients.run, "hummingbird": HummingbirdApp.run,
            "services": Services.run,
        ]
        guard let program = arguments.first.flatMap({ programs[$0] }),
            let mode = arguments.dropFirst().first.flatMap(Mode.init)
        else { fail("usage: Ecosystem PROGRAM native|single|mainOnly") }
        try mode.install()
        // Nothing here takes long; a hang is an error.
        alarm(90)
        await mode.check()
        try await program()
        say("done")
    }
}

/// How the program's tasks are run.
enum Mode: String {
    case native, single, mainOnly

    func install() throws {
        switch self {
        case .native: break
        case .single: try EventLoop.install(.single)
        case .mainOnly: try EventLoop.install(.mainOnly)
        }
    }

    /// Ends the program if tasks run elsewhere than they should.
    func check() async {
        let isMainOnLoop = await MainActor.run { EventLoop.current != nil }
        if isMainOnLoop != (self != .native) { fail("the main actor is on the wrong loop") }
        let isGlobalOnLoop = await Task.detached { EventLoop.current != nil }.value
        if isGlobalOnLoop != (self == .single) { fail("tasks run in the wrong place") }
    }
}

/// Prints a line at once.
func say(_ name: String, _ value: Any...) {
    let line = value.isEmpty ? name : "\(name): \(value.map { "\($0)" }.joined(separator: " "))"
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("\(message)\n".utf8))
    exit(1)
}
