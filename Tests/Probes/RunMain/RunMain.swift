import ProbeChecks
import UVLoop

@main struct RunMain {
    static func main() throws {
        let checks = Checks(Checks.wantedMode)
        try EventLoop.runMain(Checks.wantedMode) { try await checks.run() }
    }
}
