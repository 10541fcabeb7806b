import Foundation
import ProbeChecks
import UVLoop

/// The run loop has the main thread, as in a test runner; the installed loop is its guest.
@main struct Guest {
    static func main() throws {
        let checks = Checks(Checks.wantedMode)
        try EventLoop.install(Checks.wantedMode)
        Task { @MainActor in
            try await checks.run()
            try await checks.runAsGuest()
            exit(0)
        }
        RunLoop.main.run()
    }
}
