import Foundation
import UVLoop

/// Runs one of the packages that others wrote, unchanged, and prints what came of it, line by line.
///
///     Ecosystem algorithms|flyingfox|httpclient|hummingbird|services \
///         native|single|mainOnly main|global|loop
///
/// What it prints must not depend on the second argument, whether and how UVLoop has replaced
/// Swift's default loop, nor on the third, where the program's own task runs.
@main struct Ecosystem {
    typealias Program = @Sendable () async throws -> Void

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let programs: [String: Program] = [
            "algorithms": Algorithms.run, "flyingfox": FlyingFoxServer.run,
            "httpclient": AsyncHTTPClients.run, "hummingbird": HummingbirdApp.run,
            "services": Services.run,
        ]
        guard arguments.count == 3, let program = programs[arguments[0]],
            let mode = Mode(rawValue: arguments[1]), let place = Place(rawValue: arguments[2])
        else { fail("usage: Ecosystem PROGRAM native|single|mainOnly main|global|loop") }
        try mode.install()
        // Nothing here takes long; a hang is an error.
        alarm(90)
        await mode.check()
        try await place.run(program)
        say("done")
    }
}

/// Where a program runs: what it does not give to tasks of its own.
enum Place: String {
    /// On the main actor.
    case main
    /// On the global executor.
    case global
    /// On a loop of UVLoop that has a thread of its own, whatever the default one is.
    case loop

    func run(_ program: @escaping Ecosystem.Program) async throws {
        switch self {
        case .main: try await Task { @MainActor in try await program() }.value
        case .global: try await Task.detached { try await program() }.value
        case .loop:
            let thread = try EventLoopThread()
            try await thread.loop.perform { _ in try await program() }
            await thread.shutdown()
        }
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
