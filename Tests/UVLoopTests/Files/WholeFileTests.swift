import Testing

@testable import UVLoop

/// Whole files, and directories.
@Suite struct WholeFileTests {
    private func inDirectory(
        _ body: @escaping @Sendable (FileSystem, TemporaryDirectory) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            try await onLoop { loop in try await body(loop.files, directory) }
        }
    }

    @Test func reading() async throws {
        try await inDirectory { files, directory in
            let (path, bytes) = try directory.make("file", count: 2_500_000)
            #expect(try await files.read(path) == bytes)
            #expect(try await files.read(path, limit: 2_500_000) == bytes)
            await #expect(throws: FileError(.read, path, .fileTooLarge)) {
                try await files.read(path, limit: 2_499_999)
            }
            #expect(try await files.read(try directory.make("empty", []), limit: 0) == [])
            // Its size is said to be 0.
            let status = try await files.readText("/proc/self/status")
            #expect(status.contains("VmRSS:"))
            await #expect(throws: FileError(.read, "/proc/self/status", .fileTooLarge)) {
                try await files.readText("/proc/self/status", limit: 20)
            }
            await #expect(throws: FileError(.read, "/dev/zero", .fileTooLarge)) {
                try await files.read("/dev/zero", limit: 1_000_000)
            }
            await #expect(throws: FileError(.read, directory.path, .isDirectory)) {
                try await files.read(directory.path)
            }
            let wrong = try directory.make("wrong", [0xFF])
            await #expect(throws: FileError(.read, wrong, .illegalByteSequence)) {
                try await files.readText(wrong)
            }
            await #expect(throws: FileError(.read, "a\0b", .invalidArgument)) {
                try await files.read("a\0b")
            }
        }
    }

    @Test func writing() async throws {
        try await inDirectory { files, directory in
            let path = directory.file("file")
            try await files.write("one", to: path, .creating, permissions: 0o600)
            #expect(try directory.text(of: "file") == "one")
            #expect(try directory.mode(of: "file") == 0o600)
            await #expect(throws: FileError(.write, path, .fileExists)) {
                try await files.write("two", to: path, .creating)
            }
            try await files.write(" more", to: path, .appending, isSynced: true)
            #expect(try directory.text(of: "file") == "one more")
            try await files.write([0x41], to: path)
            #expect(try directory.text(of: "file") == "A")
            await #expect(throws: FileError(.write, directory.path, .isDirectory)) {
                try await files.write("x", to: directory.path)
            }
            await #expect(throws: FileError(.write, "/dev/full", .noSpace)) {
                try await files.write("x", to: "/dev/full")
            }
        }
    }

    @Test func replacing() async throws {
        try await inDirectory { files, directory in
            let path = directory.file("file")
            try await files.write("old", to: path, .replacing, permissions: 0o640)
            try await files.changeMode(of: path, to: 0o604)
            let old = try await files.open(path)
            try await files.write("new", to: path, .replacing, isSynced: true)
            #expect(try await files.readText(path) == "new")
            #expect(try await files.stat(path).permissions == 0o604)
            #expect(try await old.read(10) == Array("old".utf8))
            try await old.close()
            // A link stays one.
            try await files.symbolicLink(at: directory.file("link"), to: "file")
            try await files.write("linked", to: directory.file("link"), .replacing)
            #expect(try await files.readText(path) == "linked")
            #expect(try directory.names == ["file", "link"])
            let inner = directory.file("directory")
            try await files.makeDirectory(inner)
            await #expect(throws: FileError(.write, inner, .isDirectory)) {
                try await files.write("x", to: inner, .replacing)
            }
            #expect(try directory.names == ["directory", "file", "link"])
        }
    }

    @Test func directories() async throws {
        try await inDirectory { files, directory in
            let deep = directory.file("a/b/c")
            await #expect(throws: FileError(.makeDirectory, deep, .noSuchFileOrDirectory)) {
                try await files.makeDirectory(deep)
            }
            try await files.makeDirectory(deep + "//", permissions: 0o700, withParents: true)
            try await files.makeDirectory(deep, withParents: true)
            await #expect(throws: FileError(.makeDirectory, deep, .fileExists)) {
                try await files.makeDirectory(deep)
            }
            try directory.make("a/file", [1])
            let below = directory.file("a/file/x")
            await #expect(throws: FileError(.makeDirectory, below, .notDirectory)) {
                try await files.makeDirectory(below, withParents: true)
            }
            let file = directory.file("a/file")
            await #expect(throws: FileError(.makeDirectory, file, .fileExists)) {
                try await files.makeDirectory(file, withParents: true)
            }
            let list = try await files.readDirectory(directory.file("a"))
            #expect(list.map(\.name) == ["b", "file"])
            #expect(list.map(\.kind) == [.directory, .regular])
            let a = directory.file("a")
            await #expect(throws: FileError(.removeDirectory, a, .directoryNotEmpty)) {
                try await files.removeDirectory(a)
            }
            try await files.symbolicLink(at: a + "/up", to: "..")
            try directory.make("kept", [1])
            try await files.removeDirectory(a, recursively: true)
            #expect(try directory.names == ["kept"])
            await #expect(throws: FileError(.removeDirectory, a, .noSuchFileOrDirectory)) {
                try await files.removeDirectory(a, recursively: true)
            }
            let kept = directory.file("kept")
            await #expect(throws: FileError(.removeDirectory, kept, .notDirectory)) {
                try await files.removeDirectory(kept)
            }
            await #expect(throws: FileError(.readDirectory, a, .noSuchFileOrDirectory)) {
                try await files.readDirectory(a)
            }
        }
    }

    @Test(arguments: [0, 1, 64, 65, 500]) func entries(_ count: Int) async throws {
        try await inDirectory { files, directory in
            for number in 0..<count { try directory.make("file \(number)", []) }
            var names: Set<String> = []
            for try await entry in files.entries(of: directory.path) {
                #expect(entry.kind == .regular)
                names.insert(entry.name)
            }
            #expect(names == Set((0..<count).map { "file \($0)" }))
            // Left before the end.
            for try await _ in files.entries(of: directory.path) { break }
        }
    }

    @Test func noDirectory() async throws {
        try await inDirectory { files, directory in
            let missing = directory.file("missing")
            var iterator = files.entries(of: missing).makeAsyncIterator()
            do {
                _ = try await iterator.next()
                Issue.record("there is one")
            } catch let error as FileError {
                #expect(error == FileError(.readDirectory, missing, .noSuchFileOrDirectory))
            }
            let next = try await iterator.next()
            #expect(next == nil)
        }
    }

    @Test func partsOfPaths() {
        #expect(PathParts("a") == PathParts("./a"))
        #expect(PathParts("/a").directory == "/" && PathParts("/a").name == "a")
        #expect(PathParts("x/y//").directory == "x" && PathParts("x/y//").name == "y")
        #expect(PathParts("/").directory == "/" && PathParts("/").name == "")
    }
}
