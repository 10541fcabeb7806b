import ProbeChecks
import UVLoopAutoInstall

@main struct AutoInstall {
    static func main() async throws {
        try await Checks(.single).run()
    }
}
