import ProbeChecks
import UVLoop

@main struct AsyncMain {
    static func main() async throws {
        if CommandLine.arguments.dropFirst().first == "late" { return await Faults.runLate() }
        try EventLoop.install(Checks.wantedMode)
        try await Checks(Checks.wantedMode).run()
    }
}
