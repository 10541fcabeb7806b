import ProbeChecks
import UVLoop

try Checks.install()
try await Checks(Checks.wantedMode).run()
