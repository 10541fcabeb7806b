import Foundation
import Testing

/// A program of this package that a test runs: it lies where the tests do.
struct Probe {
    let path: String

    init(_ name: String) throws {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        path = tests.deletingLastPathComponent().appendingPathComponent(name).path
        try #require(FileManager.default.isExecutableFile(atPath: path), "\(path) is not there")
    }

    func start(_ arguments: String...) throws -> ForeignProgram {
        try ForeignProgram([path] + arguments)
    }

    func lines(_ arguments: String...) async throws -> [String] {
        try await ForeignProgram([path] + arguments).textToEnd()
            .split(separator: "\n").map(String.init)
    }
}
