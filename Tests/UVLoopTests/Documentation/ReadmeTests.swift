import Foundation
import Testing

/// Keeps the prose in step with the code.
@Suite struct ReadmeTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The paths below a folder, relative to the root of the repository.
    private static func files(below folder: String, endingIn suffix: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
        return (names?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".build/") }
            .map { "\(folder)/\($0)" }
            .sorted()
    }

    static let prose = ["README.md"] + files(below: "Sources", endingIn: ".md")

    /// Lines without their indentation, so that code reads the same at any depth.
    private static func flattened(_ lines: some Sequence<Substring>) -> String {
        lines.map { $0.drop { $0 == " " } }.joined(separator: "\n")
    }

    private static func flattened(_ text: String) -> String {
        flattened(text.split(separator: "\n", omittingEmptySubsequences: false))
    }

    /// The contents of the fenced blocks of `swift` code.
    private static func blocks(of text: String) -> [String] {
        var blocks: [String] = []
        var block: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let fence = line.drop { $0 == " " }
            if fence == "```swift" {
                block = []
            } else if fence == "```", let lines = block {
                blocks.append(flattened(lines))
                block = nil
            } else {
                block?.append(line)
            }
        }
        return blocks
    }

    @Test(arguments: prose)
    func everySwiftBlockIsCompiledSomewhere(_ path: String) throws {
        let code =
            ["Tests/UVLoopTests/Streams/ConformanceTests.swift"]
            + Self.files(below: "Tests/UVLoopTests/Documentation", endingIn: "Snippets.swift")
            + Self.files(below: "Tests/Ecosystem/Tests", endingIn: "Snippets.swift")
            + Self.files(below: "Examples", endingIn: ".swift")
        let compiled = try code.map { Self.flattened(try Self.text($0)) }
        for block in Self.blocks(of: try Self.text(path)) {
            let isThere = compiled.contains { $0.contains("\(block)\n") }
            #expect(isThere, "this block of \(path) is in no example and no snippet:\n\(block)")
        }
    }

    @Test func theReadmeHasTheExampleAndTheCommands() throws {
        let readme = try Self.text("README.md")
        #expect(Self.blocks(of: readme).count >= 4)
        for command in ["./dev demo", "./dev test"] { #expect(readme.contains(command)) }
    }

    /// Names in backquotes that look like paths of sources, in the map of the rooms.
    @Test func theMapNamesFilesThatAreThere() throws {
        let map = try Self.text("CONTRIBUTING.md")
        let words = map.split(separator: "`", omittingEmptySubsequences: false)
        let paths = words.indices.filter { $0 % 2 == 1 }.map { words[$0] }
            .filter { $0.contains("/") && ($0.hasSuffix(".swift") || $0.hasSuffix("/")) }
        #expect(paths.count > 30)
        for path in paths {
            let places = ["", "Sources/UVLoop/"].map { Self.root.appendingPathComponent($0 + path) }
            let isThere = places.contains { FileManager.default.fileExists(atPath: $0.path) }
            #expect(isThere, "CONTRIBUTING.md names \(path), which is not there")
        }
    }

    /// Every target, and every folder of the library, has its place in the map.
    @Test func theMapNamesEveryRoom() throws {
        let map = try Self.text("CONTRIBUTING.md")
        let rooms = Set(
            Self.files(below: "Sources/UVLoop", endingIn: ".swift").map {
                $0.split(separator: "/")[2]
            })
        for room in rooms {
            #expect(map.contains("`\(room)/`"), "CONTRIBUTING.md does not name \(room)/")
        }
        let sources = Self.root.appendingPathComponent("Sources").path
        for target in try FileManager.default.contentsOfDirectory(atPath: sources) {
            #expect(map.contains("`Sources/\(target)/"), "CONTRIBUTING.md does not name \(target)")
        }
    }
}
