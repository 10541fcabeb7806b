import Foundation
import Testing

/// Keeps the prose in step with the code.
@Suite struct ReadmeTests {
    static let prose = ["README.md"] + Repository.files(below: "Sources", endingIn: ".md")

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
            + Repository.files(below: "Tests/UVLoopTests/Documentation", endingIn: "Snippets.swift")
            + Repository.files(below: "Tests/Ecosystem/Tests", endingIn: "Snippets.swift")
            + Repository.files(below: "Examples", endingIn: ".swift")
        let compiled = try code.map { Self.flattened(try Repository.text($0)) }
        for block in Self.blocks(of: try Repository.text(path)) {
            let isThere = compiled.contains { $0.contains("\(block)\n") }
            #expect(isThere, "this block of \(path) is in no example and no snippet:\n\(block)")
        }
    }

    @Test func theReadmeHasTheExampleAndTheCommands() throws {
        let readme = try Repository.text("README.md")
        #expect(Self.blocks(of: readme).count >= 4)
        for command in ["./dev demo", "./dev test"] { #expect(readme.contains(command)) }
    }

    /// Names in backquotes that look like paths of sources, in the map of the rooms.
    @Test func theMapNamesFilesThatAreThere() throws {
        let map = try Repository.text("CONTRIBUTING.md")
        let words = map.split(separator: "`", omittingEmptySubsequences: false)
        let paths = words.indices.filter { $0 % 2 == 1 }.map { words[$0] }
            .filter { $0.contains("/") && ($0.hasSuffix(".swift") || $0.hasSuffix("/")) }
        #expect(paths.count > 30)
        for path in paths {
            let places = ["", "Sources/UVLoop/"].map {
                Repository.root.appendingPathComponent($0 + path)
            }
            let isThere = places.contains { FileManager.default.fileExists(atPath: $0.path) }
            #expect(isThere, "CONTRIBUTING.md names \(path), which is not there")
        }
    }

    /// Every target, and every folder of the library, has its place in the map.
    @Test func theMapNamesEveryRoom() throws {
        let map = try Repository.text("CONTRIBUTING.md")
        let rooms = Set(
            Repository.files(below: "Sources/UVLoop", endingIn: ".swift").map {
                $0.split(separator: "/")[2]
            })
        for room in rooms {
            #expect(map.contains("`\(room)/`"), "CONTRIBUTING.md does not name \(room)/")
        }
        let sources = Repository.root.appendingPathComponent("Sources").path
        for target in try FileManager.default.contentsOfDirectory(atPath: sources) {
            #expect(map.contains("`Sources/\(target)/"), "CONTRIBUTING.md does not name \(target)")
        }
    }
}
