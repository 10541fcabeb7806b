import Foundation
import Report
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite struct PageTests {
    @Test func thePageNeedsNothingElse() throws {
        let page = Page(try results(["c": [100, 120], "buffered": [90, 95]])).html
        #expect(page.contains("A &lt;title&gt; &amp; more"))
        for outside in ["<script", "<link", "src=", "href=", "url(", "@import", "http"] {
            #expect(!page.contains(outside), "\(outside)")
        }
        #expect(page.contains("UVLoop buffered"))
        #expect(page.contains("p99") == false)
    }

    @Test func whatHasNoFiguresIsSaid() throws {
        var results = try results(["c": [100], "nio": [200]])
        results.drop("nio", in: "echo", because: "it <failed>")
        let page = Page(results).html
        #expect(page.contains("SwiftNIO handler in echo: it &lt;failed&gt;"))
    }

    @Test func theOverviewIsWellFormed() throws {
        let growing = try results(growth: .init(.payload, 64), ["c": [100], "x & <y>": [90]])
        for results in [try results(["c": [100, 120], "x & <y>": [90, 80]]), growing] {
            let parser = XMLParser(data: Data(Overview(results).svg.utf8))
            #expect(parser.parse(), "\(String(describing: parser.parserError))")
        }
    }

    @Test func aServerHasOneDotForEachRound() throws {
        let figure = try #require(
            try results(["c": [100, 120], "buffered": [90, 95]]).costFigure(
                Load(
                    name: "echo", title: "Work", connections: 10, size: 64, depth: 1,
                    measure: .time, growth: nil)))
        let dots = figure.drawing.body.source.components(separatedBy: "class=\"round\"")
        #expect(dots.count - 1 == 4)
    }

    @Test func figuresOfGrowthNeedTwoPlaces() throws {
        let results = try results(growth: .init(.connections, 10), ["c": [100]])
        #expect(results.growthFigures(.connections).isEmpty)
        #expect(results.growthFigures(.payload).isEmpty)
    }
}
