import ProbeChecks
import UVLoop

@main struct AsyncMain {
    static func main() async throws {
        try EventLoop.install(Checks.wantedMode)
        try await Checks(Checks.wantedMode).run()
    }
}
