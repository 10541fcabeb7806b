import UVLoop

/// A file that is printed as it grows.
struct FollowedFile {
    /// In what the last lines are looked for.
    private static let mostShown = 65_536

    private let path: String
    private let files: FileSystem
    private let output: File
    private var file: File?
    /// What has been printed already.
    private var position = 0

    init(_ path: String, on loop: EventLoop) throws {
        self.path = path
        files = loop.files
        output = try files.adopt(1, name: "standard output")
    }

    /// Never returns by itself: it throws if the folder of the file goes, or the task is cancelled.
    mutating func follow(fromLast lineCount: Int) async throws {
        // Before the file is looked at, so that nothing falls between.
        let changes = try await files.watchFile(path)
        try await open()
        try await skip(toLast: lineCount)
        try await printNew()
        for try await change in changes {
            switch change {
            case .changed: try await printNew()
            case .created, .replaced:
                // What was written to the old one until it was replaced.
                try await printNew()
                try await open()
                try await printNew()
            case .removed: try await printNew()
            }
        }
    }

    /// Opens what has the name now, from its beginning. There need not be anything.
    private mutating func open() async throws {
        try await file?.close()
        position = 0
        do {
            file = try await files.open(path)
        } catch let error as FileError where error.code == .noSuchFileOrDirectory {
            file = nil
        }
    }

    private mutating func skip(toLast lineCount: Int) async throws {
        guard let file else { return }
        let size = try await file.stat().size
        let start = max(0, size - Self.mostShown)
        let bytes = try await file.read(size - start, at: start)
        var ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
        // That of the last line ends what is shown.
        if ends.last == bytes.indices.last { ends.removeLast() }
        position = ends.count < lineCount ? start : start + bytes.count
        if lineCount > 0, ends.count >= lineCount {
            position = start + ends[ends.count - lineCount] + 1
        }
    }

    private mutating func printNew() async throws {
        guard let file else { return }
        // Somebody has cut it off, and begins anew.
        if try await file.stat().size < position { position = 0 }
        for try await chunk in file.chunks(from: position) {
            try await output.write(chunk)
            position += chunk.count
        }
    }
}
