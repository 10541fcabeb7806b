import ProbeChecks
import UVLoop

try EventLoop.install(Checks.wantedMode)
try await Checks(Checks.wantedMode).run()
