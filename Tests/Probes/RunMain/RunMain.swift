import ProbeChecks
import UVLoop

@main struct RunMain {
    static func main() throws {
        if try Faults.run(CommandLine.arguments.dropFirst().first ?? "") { return }
        let checks = Checks(Checks.wantedMode)
        try Checks.install()
        try EventLoop.runMain(Checks.wantedMode) { try await checks.run() }
    }
}
