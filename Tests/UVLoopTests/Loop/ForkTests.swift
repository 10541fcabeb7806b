import Testing

/// Loops in the child of a `fork`; each in a program of its own.
struct ForkTests {
    @Test(arguments: [
        ("forkReinitialized", "child exited with 0"),
        ("forkClosed", "child exited with 0"),
        ("forkInRun", "child exited with 0"),
        ("forkForgotten", "child stopped"),
        ("forkInTask", "child stopped"),
        ("forkWithAChild", "child exited with 0, [ended by SIGTERM]"),
    ])
    func says(_ fault: String, _ answer: String) async throws {
        #expect(try await Probe("ProbeRunMain").lines(fault).last == answer)
    }

    /// It says what to do.
    @Test func theChildThatStopsHasAMessage() async throws {
        let program = try Probe("ProbeRunMain").start("forkForgotten", "toOutput")
        let text = try await program.textToEnd()
        #expect(text.contains("reinitializeAfterFork()"))
    }
}
