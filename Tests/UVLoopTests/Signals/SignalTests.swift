import Glibc
import Testing

@testable import UVLoop

/// The value, without a loop.
@Suite struct SignalTests {
    @Test func namesAreThoseOfC() {
        #expect("\(Signal.terminate)" == "SIGTERM")
        #expect(Signal.interrupt.name == "SIGINT")
        #expect("\(Signal(rawValue: 40))" == "signal 40")
        #expect(Signal(rawValue: 40).name == nil)
        #expect(Signal(rawValue: SIGUSR1) == .user1)
    }

    @Test func sendingFindsOut() {
        #expect(throws: UVError.invalidArgument) {
            try Signal(rawValue: 1_000).send(to: getpid())
        }
        // More than the system ever gives.
        #expect(throws: UVError.noSuchProcess) { try Signal.terminate.send(to: 0x3fff_ffff) }
        // Signal 0 only looks.
        #expect(throws: Never.self) { try Signal(rawValue: 0).send(to: getpid()) }
    }
}
