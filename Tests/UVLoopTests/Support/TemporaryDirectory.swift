import Foundation

/// A directory for the files of one test.
struct TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let name = "uvloop-\(UUID().uuidString.prefix(13))"
        path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    /// The path of a file in it.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
    }

    func text(of name: String) throws -> String {
        try String(contentsOfFile: file(name), encoding: .utf8)
    }

    /// The permissions of a file.
    func mode(of name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: file(name))
        return (attributes[.posixPermissions] as! NSNumber).intValue
    }

    func delete(_ name: String) throws {
        try FileManager.default.removeItem(atPath: file(name))
    }

    /// To be called at the end of the test.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
