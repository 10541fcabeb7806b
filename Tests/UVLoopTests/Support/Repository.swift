import Foundation

/// The files of this repository, for tests that hold prose against code.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The paths below a folder, relative to the root of the repository.
    static func files(below folder: String, endingIn suffix: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
        return (names?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".build/") }
            .map { "\(folder)/\($0)" }
            .sorted()
    }
}

/// The names that a folder of sources declares, found as a reader would: by the words before them.
struct Declarations {
    /// For each file what it declares or extends, and what may be a member of that.
    private let files: [(types: Set<String>, members: Set<String>)]

    init(below folder: String) throws {
        files = try Repository.files(below: folder, endingIn: ".swift").map {
            let text = try Repository.text($0)
            let types = text.matches(
                of: /\b(?:class|struct|enum|actor|protocol|extension|typealias)\s+([A-Z][\w.]*)/
            ).flatMap { $0.1.split(separator: ".").map(String.init) }
            let members = text.matches(of: /\b(?:func|var|let|case|struct|enum|class)\s+`?(\w+)/)
                .map { String($0.1) }
            return (Set(types), Set(members + (text.contains("init(") ? ["init"] : [])))
        }
    }

    /// Whether there is something of that name, such as `Type`, `member` or `Type.member`.
    func contain(_ name: String) -> Bool {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count > 1 else {
            return files.contains { $0.types.contains(name) || $0.members.contains(name) }
        }
        return zip(parts, parts.dropFirst()).allSatisfy { type, member in
            files.contains { $0.types.contains(type) && $0.members.contains(member) }
        }
    }
}

/// The rows of the tables of an article.
struct ArticleTables {
    /// The cells of each row but the headings.
    let rows: [[Substring]]

    init(_ path: String) throws {
        rows = try Repository.text(path).split(separator: "\n").filter { $0.hasPrefix("| ") }
            .map { $0.split(separator: "|").map { $0.trimmingPrefix(" ") } }
            .filter { $0.first?.contains("`") == true }
    }

    /// What stands in backquotes in a cell.
    static func code(in cell: Substring) -> [Substring] {
        cell.matches(of: /`+([^`]+)`+/).map(\.1)
    }

    /// The names of ours that the tables mention, as `Type.member`.
    var ourNames: [String] {
        rows.flatMap { Self.code(in: $0[1]) }.compactMap { code in
            let name = code.prefixMatch(of: /\.?[A-Za-z_][\w.\/]*/)?.0 ?? ""
            return name.hasPrefix("uv_")
                ? nil : name.split { $0 == "." || $0 == "/" }.joined(separator: ".")
        }
    }
}
