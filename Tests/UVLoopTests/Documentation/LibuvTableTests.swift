import Foundation
import Testing

/// The article "Coming from libuv" names every function and type of the header that the library is
/// built with, and nothing of ours that is not there.
@Suite struct LibuvTableTests {
    private static let article = "Sources/UVLoop/UVLoop.docc/ComingFromLibuv.md"

    /// The header is where `./dev` looks for it.
    private static func header() throws -> String {
        let script = try Repository.text("dev")
        let folders = try #require(script.firstMatch(of: /for directory in (.*); do/)).1
        let paths = folders.split(separator: " ").map { "\($0)/uv.h" }
        let path = try #require(
            paths.first { FileManager.default.fileExists(atPath: $0) }, "uv.h is not installed")
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    /// What libuv has got since 1.44, which the tables are about.
    private static let newer: Set = [
        "uv_metrics_info", "uv_cpumask_size", "uv_thread_setaffinity", "uv_thread_getaffinity",
        "uv_thread_getcpu", "uv_clock_gettime", "uv_get_available_memory", "uv_timer_get_due_in",
        "uv_thread_setpriority", "uv_thread_getpriority", "uv_thread_create_ex", "uv_utf16_length",
        "uv_pipe_bind2", "uv_pipe_connect2", "uv_udp_open_ex", "uv_udp_try_send2",
        "uv_tcp_keepalive_ex", "uv_thread_detach", "uv_thread_setname", "uv_thread_getname",
        "uv_getrusage_thread", "uv_utf16_length_as_wtf8", "uv_utf16_to_wtf8",
        "uv_wtf8_length_as_utf16", "uv_wtf8_to_utf16", "uv_metrics_t", "uv_metrics_s",
    ]

    private static func names() throws -> Set<String> {
        let text = try header().replacing(/\/\*(?:.|\n)*?\*\//, with: "")
        let functions = text.matches(of: /UV_EXTERN\b[^;{]*?\b(uv_\w+)\s*\(/).map { String($0.1) }
        let types = text.matches(of: /typedef struct uv_\w+ (uv_\w+);/).map { String($0.1) }
        // So that a header which is written otherwise does not pass for an empty one.
        #expect(functions.count > 290 && types.count > 30)
        return Set(functions + types)
    }

    @Test func everyNameIsThereOnce() throws {
        let table = try ArticleTables(Self.article).rows.flatMap { ArticleTables.code(in: $0[0]) }
            .map(String.init)
        #expect(Set(table).count == table.count, "a name stands in two rows")
        let names = try Self.names()
        for name in names.subtracting(table).subtracting(Self.newer).sorted() {
            Issue.record("\(name) is not in \(Self.article)")
        }
        for name in Set(table).subtracting(names).sorted() {
            Issue.record("\(Self.article) has \(name), which libuv has not")
        }
    }

    @Test func everyRowHasAnAnswer() throws {
        for row in try ArticleTables(Self.article).rows {
            #expect(row.count == 2 && row[1].count > 4, "\(row)")
        }
    }

    @Test func ourNamesAreThere() throws {
        let declarations = try Declarations(below: "Sources/UVLoop")
        let names = try ArticleTables(Self.article).ourNames
        #expect(names.count > 200)
        for name in Set(names).sorted() where !declarations.contain(name) {
            Issue.record("\(Self.article) names \(name), which is not in the sources")
        }
    }
}
