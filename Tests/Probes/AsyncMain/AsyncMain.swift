import ProbeChecks
import UVLoop

@main struct AsyncMain {
    static func main() async throws {
        if CommandLine.arguments.dropFirst().first == "late" { return await Faults.runLate() }
        try Checks.install()
        try await Checks(Checks.wantedMode).run()
    }
}
