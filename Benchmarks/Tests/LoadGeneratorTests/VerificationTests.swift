import Testing

/// The load generator must fail on a single wrong byte, or what it says of servers is worth
/// nothing.
@Suite struct VerificationTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var workload: String
        var mode: CrookedServer.Mode
        var options: [String] = []
        var wrongByte: Int
        var complaint = "other bytes than were sent"

        var testDescription: String { ([workload] + options).joined(separator: " ") }
    }

    static let cases = [
        Case(workload: "echo", mode: .echo, wrongByte: 0),
        Case(workload: "echo", mode: .echo, wrongByte: 70),
        Case(
            workload: "echo", mode: .echo, options: ["--depth", "16", "--connections", "3"],
            wrongByte: 1_000),
        Case(workload: "echo", mode: .echo, options: ["--size", "100000"], wrongByte: 99_999),
        Case(
            workload: "echo", mode: .echo, options: ["--connections", "4", "--workers", "2"],
            wrongByte: 100),
        Case(workload: "churn", mode: .echo, wrongByte: 63),
        Case(
            workload: "source", mode: .source, wrongByte: 65_536 * 3 + 5,
            complaint: "other bytes than in the first chunk"),
    ]

    @Test(arguments: cases) func oneWrongByteIsFound(_ sought: Case) throws {
        let server = try CrookedServer(sought.mode, wrongByte: sought.wrongByte)
        defer { server.close() }
        let run = try GeneratorRun(
            port: server.port, ["--workload", sought.workload, "--verify"] + sought.options)
        #expect(run.status == 1)
        #expect(run.complaint.contains(sought.complaint), "\(run.complaint)")
        #expect(run.output.contains("\"errors\":1"))
    }

    @Test(arguments: cases) func anHonestServerPasses(_ sought: Case) throws {
        let server = try CrookedServer(sought.mode, wrongByte: nil)
        defer { server.close() }
        let run = try GeneratorRun(
            port: server.port, ["--workload", sought.workload, "--verify"] + sought.options)
        #expect(run.status == 0, "\(run.complaint)")
        #expect(run.output.contains("\"errors\":0"))
    }

    /// The same wrong byte is not noticed by who was not asked to look.
    @Test func withoutVerificationBytesAreNotCompared() throws {
        let server = try CrookedServer(.echo, wrongByte: 70)
        defer { server.close() }
        #expect(try GeneratorRun(port: server.port, ["--workload", "echo"]).status == 0)
    }

    /// These compare every byte without being asked, as they have few.
    @Test(arguments: [("idle", "other bytes than were sent"), ("frames", "a wrong answer")])
    func someAreAlwaysVerified(workload: String, complaint: String) throws {
        let server = try CrookedServer(.echo, wrongByte: 3)
        defer { server.close() }
        let run = try GeneratorRun(port: server.port, ["--workload", workload])
        #expect(run.status == 1)
        #expect(run.complaint.contains(complaint), "\(run.complaint)")
    }
}
