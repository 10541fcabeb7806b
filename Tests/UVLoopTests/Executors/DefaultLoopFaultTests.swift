import Glibc
import Testing

/// Replacing the default loop too late, elsewhere, twice; and how a run on it ends.
struct DefaultLoopFaultTests {
    @Test(arguments: [
        ("throwing", "x"),
        ("leftTasks", "ran later"),
        ("stopped", "the event loop was stopped before its closure was finished"),
        ("nested", "an event loop is already running on this thread"),
        ("loopInside", "an event loop is already running on this thread"),
        ("twice", "the event loop has already been installed, in the mode .single"),
        ("runLoopTwice", "the same loop"),
        ("runLoopLate", "an event loop is already running on this thread"),
        (
            "closed",
            "the event loop is Swift's default one, not to be closed, nor used after a fork"
        ),
        ("afterTasks", "early, true"),
    ])
    func says(_ fault: String, _ answer: String) async throws {
        #expect(try await Probe("ProbeRunMain").lines(fault) == [answer])
    }

    /// The error says where to put the line.
    @Test(arguments: [("ProbeRunMain", "thread"), ("ProbeAsyncMain", "late")])
    func elsewhereItSaysWhere(_ program: String, _ fault: String) async throws {
        let lines = try await Probe(program).lines(fault)
        #expect(lines.count == 1)
        #expect(lines[0].contains("first line of main"))
    }

    /// A deadlock in the mode `single`, told in debug mode.
    @Test func aTaskThatBlocksForEverIsReported() async throws {
        let program = try Probe("ProbeRunMain").start("blocked")
        let line = try await program.line()
        #expect(line.contains("has not ended: the loop stands still"))
        program.kill()
    }

    @Test func theBodyMayExit() async throws {
        let program = try Probe("ProbeRunMain").start("exit")
        #expect(await program.status() == 3 << 8)
    }

    @Test func anInterruptCancelsTheBody() async throws {
        let program = try Probe("ProbeRunMain").start("interrupt")
        #expect(try await program.line() == "ready")
        program.kill(by: SIGINT)
        #expect(try await program.textToEnd() == "CancellationError()")
    }

    /// A program that does not heed the first can still be ended by hand.
    @Test func theSecondInterruptEndsTheProgram() async throws {
        let program = try Probe("ProbeRunMain").start("interruptTwice")
        #expect(try await program.line() == "ready")
        program.kill(by: SIGINT)
        #expect(try await program.line() == "once")
        program.kill(by: SIGINT)
        #expect(await program.status() == SIGINT)
    }
}
