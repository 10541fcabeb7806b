import StreamConformance
import Testing

/// That the checks can fail: each fault is found by those that it concerns, and by no others.
@Suite struct FaultTests {
    @Test(arguments: Fault.all)
    func isFound(_ fault: Fault) async throws {
        // What hangs as expected need not do so for long.
        let (patient, hasty) = (fault.suite(limit: .seconds(60)), fault.suite(limit: .seconds(2)))
        await withTaskGroup { group in
            for (check, short) in zip(patient.checks, hasty.checks) {
                let behaviour = Self.behaviour(of: check)
                guard !fault.chances.contains(behaviour) else { continue }
                if fault.findings.contains(behaviour) {
                    group.addTask { await Self.expectFinding(by: short, of: fault) }
                } else {
                    group.addTask {
                        await #expect(throws: Never.self, "\(fault)") { try await check.run() }
                    }
                }
            }
        }
        let behaviours = Set(patient.checks.map(Self.behaviour))
        #expect(fault.findings.union(fault.chances).isSubset(of: behaviours))
        #expect(!fault.findings.isEmpty)
    }

    /// The name without the direction.
    private static func behaviour(of check: StreamCheck) -> String {
        check.name.replacing(" (first to second)", with: "")
            .replacing(" (second to first)", with: "")
    }

    /// A fault may escape a check on a machine that is busy enough, but not often.
    private static func expectFinding(by check: StreamCheck, of fault: Fault) async {
        for _ in 0..<50 {
            do {
                try await check.run()
            } catch {
                let violation = error as? ConformanceViolation
                #expect(violation?.behaviour == check.name, "\(fault): \(error)")
                return
            }
        }
        Issue.record("\(fault) is not found by \(check)")
    }
}
