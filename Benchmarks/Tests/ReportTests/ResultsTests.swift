import Foundation
import Report
import Testing

@Suite struct ResultsTests {
    @Test func ratiosAreTakenWithinTheRounds() throws {
        // The machine was half as fast in the second round; the ratio does not know it.
        let results = try results(["c": [100, 200], "other": [50, 100]])
        let standing = try #require(
            results.standing(of: "other", in: results.workloads[0]))
        #expect(standing.cost.median == 75)
        #expect(standing.ratio == Spread([2, 2]))
        #expect(standing.throughputRatio?.median == 1)
    }

    @Test func withoutTheReferenceThereIsNoRatio() throws {
        var results = try results(["c": [100], "other": [50]])
        results.drop("c", in: "echo", because: "it failed")
        let standing = try #require(results.standing(of: "other", in: results.workloads[0]))
        #expect(standing.ratio == nil)
        #expect(results.hasDropped("c", in: "echo"))
        #expect(!results.hasDropped("other", in: "echo"))
        #expect(ResultTable(results).text.contains("other"))
    }

    @Test func aServerThatIsMissingIsMissingEverywhere() throws {
        var results = try results(["c": [100]])
        results.drop("nio", in: nil, because: "it is not built")
        #expect(results.hasDropped("nio", in: "echo"))
    }

    @Test func theReferenceIsCOrTheFirst() throws {
        #expect(try results(["x": [1], "c": [1]]).reference == "c")
        #expect(try results(["x": [1], "y": [1]]).reference == "x")
    }

    @Test func theCheapestIsFirst() throws {
        let results = try results(["c": [3], "x": [1], "y": [2]])
        #expect(results.standings(in: results.workloads[0]).map(\.server) == ["x", "y", "c"])
    }

    @Test func whoIsCheaperInTheSameRoundIsFirst() throws {
        // The second round was slow for everybody.
        let results = try results([
            "c": [100, 300, 300], "x": [120, 290, 290], "y": [90, 280, 400],
        ])
        let standings = results.standings(in: results.workloads[0])
        #expect(standings.map(\.server) == ["y", "x", "c"])
        #expect(standings[0].relativeCosts == [0.9, 280.0 / 300, 400.0 / 300])
    }

    @Test func bulkIsComparedByTheMebibyte() throws {
        let results = try results(measure: .bulk, ["c": [1_000]])
        let standing = try #require(results.standing(of: "c", in: results.workloads[0]))
        // 1,024 messages of 1 KiB.
        #expect(abs(standing.cost.median - 1_024_000) < 1e-6)
        #expect(abs(standing.measurements[0].megabytesPerSecond - 2.048) < 1e-9)
    }

    @Test func whatIsWrittenAsJSONIsReadAgain() throws {
        var results = try results(
            growth: .init(.connections, 10), ["c": [100, 110], "x/\"y\"": [90, 95]])
        results.drop("z", in: "echo", because: "a \"reason\"\nof two lines")
        let data = try results.json()
        let again = try JSONDecoder().decode(Results.self, from: data)
        #expect(try again.json() == data)
        #expect(again.measurements(of: "x/\"y\"", in: "echo")?.map(\.cost) == [90, 95])
        #expect(again.measurements(of: "c", in: "echo")?[0].latency?["p99.9"] == 30)
        #expect(again.absences[0].reason == "a \"reason\"\nof two lines")
    }

    @Test func theKeysOfTheJSONAreThoseThatAreDocumented() throws {
        let data = try results(["c": [100]]).json()
        let object = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "title", "command", "date", "machine", "rounds", "seconds", "verified",
                "servers", "workloads", "series", "absences",
            ])
        let series = try #require((object["series"] as? [[String: Any]])?.first)
        let sample = try #require((series["measurements"] as? [[String: Any]])?.first)
        #expect(sample["cpu_ns_per_operation"] as? Double == 100)
    }
}
