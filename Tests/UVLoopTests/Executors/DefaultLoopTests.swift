import Testing

/// One program, in which all that an app uses runs, under every form of `main` and in both modes.
struct DefaultLoopTests {
    @Test(arguments: ["ProbeRunMain", "ProbeAsyncMain", "ProbeTopLevel"], ["single", "mainOnly"])
    func everythingRuns(_ program: String, _ mode: String) async throws {
        let lines = try await Probe(program).lines(mode)
        #expect(lines.last == "all checks passed", "\(lines)")
        #expect(lines.count > 15)
    }

    /// The same with Foundation's run loop turned by the loop, and all that needs it.
    @Test(arguments: ["ProbeRunMain", "ProbeAsyncMain", "ProbeTopLevel"], ["single", "mainOnly"])
    func withTheRunLoop(_ program: String, _ mode: String) async throws {
        let lines = try await Probe(program).lines(mode, "runLoop")
        #expect(lines.last == "all checks passed", "\(lines)")
        #expect(lines.count { $0.hasPrefix("ok: run loop") } > 12)
    }

    /// Where `RunLoop.main` has the main thread, the loop is turned from there.
    @Test(arguments: ["single", "mainOnly"])
    func asAGuestOfTheRunLoop(_ mode: String) async throws {
        let lines = try await Probe("ProbeGuest").lines(mode)
        #expect(lines.count { $0 == "all checks passed" } == 2, "\(lines)")
    }

    /// Without a line of the program's own.
    @Test func aProductThatIsOnlyLinked() async throws {
        let lines = try await Probe("ProbeAutoInstall").lines()
        #expect(lines.last == "all checks passed", "\(lines)")
    }
}
