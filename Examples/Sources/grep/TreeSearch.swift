import ExampleSupport
import UVLoop

/// Looks for a text in all files below a folder.
struct TreeSearch: Sendable {
    /// What is larger than this is not text that anybody reads.
    private static let largestFile = 67_108_864

    let files: FileSystem
    let text: [UInt8]
    /// How many files are searched at the same time.
    let jobs: Int

    /// Prints what is found, and returns how many lines that are. What cannot be read is reported,
    /// and passed over.
    func search(_ folder: String) async throws -> Int {
        try await withThrowingTaskGroup(of: [String].self) { group in
            var (running, found) = (0, 0)
            var folders = [folder]
            while let folder = folders.popLast() {
                for try await entry in files.entries(of: folder) {
                    let path = "\(folder)/\(entry.name)"
                    switch entry.kind {
                    case .directory: folders.append(path)
                    case .regular:
                        // One has to end first.
                        if running == jobs, let lines = try await group.next() {
                            running -= 1
                            found += show(lines)
                        }
                        running += 1
                        group.addTask { try await lines(of: path) }
                    default: break
                    }
                }
            }
            for try await lines in group { found += show(lines) }
            return found
        }
    }

    private func show(_ lines: [String]) -> Int {
        for line in lines { say(line) }
        return lines.count
    }

    /// The lines of a file that have the text, each with its number.
    private func lines(of path: String) async throws -> [String] {
        let bytes: [UInt8]
        do {
            bytes = try await files.read(path, limit: Self.largestFile)
        } catch let error as FileError {
            return ["\(error)"]
        }
        // Not text.
        if bytes.prefix(4_096).contains(0) { return [] }
        var found: [String] = []
        for (index, line) in bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() where contains(line) {
            found.append("\(path):\(index + 1):\(String(decoding: line, as: UTF8.self))")
        }
        return found
    }

    private func contains(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.count >= text.count else { return false }
        return (line.startIndex...line.endIndex - text.count).contains { start in
            line[start] == text[0] && line[start..<start + text.count].elementsEqual(text)
        }
    }
}
