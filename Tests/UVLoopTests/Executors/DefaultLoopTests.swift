import Testing

/// One program, in which all that an app uses runs, under every form of `main` and in both modes.
struct DefaultLoopTests {
    @Test(arguments: ["ProbeRunMain", "ProbeAsyncMain", "ProbeTopLevel"], ["single", "mainOnly"])
    func everythingRuns(_ program: String, _ mode: String) async throws {
        let lines = try await Probe(program).lines(mode)
        #expect(lines.last == "all checks passed", "\(lines)")
        #expect(lines.count > 15)
    }

    /// Without a line of the program's own.
    @Test func aProductThatIsOnlyLinked() async throws {
        let lines = try await Probe("ProbeAutoInstall").lines()
        #expect(lines.last == "all checks passed", "\(lines)")
    }
}
