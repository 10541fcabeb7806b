import CUV
import Glibc
import Testing

@testable import UVLoop

/// What tasks hear of changes to files.
@Suite struct ChangesTests {
    private func inDirectory(
        _ body: @escaping @Sendable (isolated EventLoop, TemporaryDirectory) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            try await onLoop { loop in try await body(loop, directory) }
        }
    }

    /// What has become of the file, up to the first such change.
    private func first(
        _ changes: Changes<FileChange>, where isSought: (FileChange) -> Bool
    ) async throws -> FileChange? {
        while let change = try await changes.next() {
            if isSought(change) { return change }
        }
        return nil
    }

    @Test func aFile() async throws {
        try await inDirectory { loop, directory in
            let (files, path) = (loop.files, directory.file("file"))
            let changes = try await files.watchFile(path)
            try await files.write("one", to: path)
            let created = try await changes.next()
            guard case .created = created else {
                Issue.record("\(String(describing: created))")
                return
            }
            try await files.write("more", to: path, .appending)
            let changed = try await first(changes) {
                if case .changed(let status) = $0 { status.size == 7 } else { false }
            }
            #expect(changed != nil)
            try await files.unlink(path)
            #expect(try await first(changes) { $0 == .removed } != nil)
            try await files.write("again", to: path)
            let again = try await changes.next()
            guard case .created = again else {
                Issue.record("\(String(describing: again))")
                return
            }
            changes.close()
            #expect(try await changes.next() == nil)
        }
    }

    /// As editors do it, more than once: a watch on the file itself would hear of the first only.
    @Test func savedByRenaming() async throws {
        try await inDirectory { loop, directory in
            let (files, path) = (loop.files, directory.file("file"))
            try await files.write("one", to: path)
            let changes = try await files.watchFile(path)
            for text in ["two", "three", "four"] {
                // Others are none of its business.
                try await files.write(text, to: directory.file("other"))
                try await files.write(text, to: path, .replacing)
                let change = try await changes.next()
                guard case .replaced(let status) = change else {
                    Issue.record("\(text): \(String(describing: change))")
                    return
                }
                #expect(status.size == text.utf8.count)
                #expect(try await files.readText(path) == text)
            }
        }
    }

    /// Many while nobody asks are one.
    @Test func putTogether() async throws {
        try await inDirectory { loop, directory in
            let (files, path) = (loop.files, directory.file("file"))
            try await files.write("", to: path)
            let changes = try await files.watchFile(path)
            for _ in 0..<100 { try await files.write("x", to: path, .appending) }
            let change = try await changes.next()
            guard case .changed(let status) = change else {
                Issue.record("\(String(describing: change))")
                return
            }
            #expect(status.size == 100)
        }
    }

    @Test func theDirectoryGoes() async throws {
        try await inDirectory { loop, directory in
            let (files, inner) = (loop.files, directory.file("inner"))
            for isRemoved in [true, false] {
                try await files.makeDirectory(inner)
                try await files.write("x", to: "\(inner)/file")
                let changes = try await files.watchFile("\(inner)/file")
                let entries = try await files.watchDirectory(inner)
                if isRemoved {
                    try await files.removeDirectory(inner, recursively: true)
                } else {
                    try await files.rename(inner, to: directory.file("moved"))
                }
                let gone = FileError(.stat, inner, .noSuchFileOrDirectory)
                // The file itself is said to be gone first, if that was seen before the rest.
                await #expect(throws: gone) {
                    while try await changes.next() != nil {}
                }
                await #expect(throws: gone) {
                    while let entry = try await entries.next() { #expect(entry.name == "file") }
                }
                #expect(try await changes.next() == nil)
                #expect(try await entries.next() == nil)
            }
        }
    }

    @Test func aDirectory() async throws {
        try await inDirectory { loop, directory in
            let files = loop.files
            let changes = try await files.watchDirectory(directory.path)
            try await files.write("", to: directory.file("a"))
            #expect(try await changes.next() == DirectoryChange(name: "a", kinds: .renamed))
            try await files.changeMode(of: directory.file("a"), to: 0o700)
            #expect(try await changes.next() == DirectoryChange(name: "a", kinds: .changed))
            // One that is called as the directory is does not end it.
            let own = PathParts(directory.path).name
            try await files.makeDirectory(directory.file(own))
            #expect(try await changes.next() == DirectoryChange(name: own, kinds: .renamed))
            try await files.unlink(directory.file("a"))
            #expect(try await changes.next() == DirectoryChange(name: "a", kinds: .renamed))
        }
    }

    @Test func polling() async throws {
        try await inDirectory { loop, directory in
            let (files, path) = (loop.files, directory.file("file"))
            let changes = try await files.pollStatus(of: path, every: .milliseconds(1))
            try await files.write("one", to: path)
            var change = try await changes.next()
            #expect(change?.previous == nil && change?.current != nil)
            while change?.current?.size != 3 { change = try await changes.next() }
            try await files.write("other", to: path, .replacing)
            while change?.current?.size != 5 {
                let last = change?.current
                change = try await changes.next()
                #expect(change?.previous == last)
            }
            try await files.unlink(path)
            while change?.current != nil { change = try await changes.next() }
            #expect(change?.previous?.size == 5)
            changes.close()
            #expect(try await changes.next() == nil)
        }
    }

    @Test func nothingThere() async throws {
        try await inDirectory { loop, directory in
            let missing = directory.file("missing")
            await #expect(throws: FileError(.stat, missing, .noSuchFileOrDirectory)) {
                try await loop.files.watchFile("\(missing)/file")
            }
            await #expect(throws: FileError(.stat, missing, .noSuchFileOrDirectory)) {
                try await loop.files.watchDirectory(missing)
            }
            try directory.make("file", [1])
            await #expect(throws: FileError(.stat, directory.file("file/x"), .notDirectory)) {
                try await loop.files.watchFile(directory.file("file/x/y"))
            }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func cancelledAndBusy() async throws {
        try await inDirectory { loop, directory in
            let (files, path) = (loop.files, directory.file("file"))
            let changes = try await files.watchFile(path)
            let begun = Counter()
            let waiting = loop.spawn { _ in
                begun.increment()
                return try await changes.next()
            }
            try await until(loop) { begun.value == 1 }
            await #expect(throws: StreamError.busy) { try await changes.next() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            // Nothing is lost.
            try await files.write("x", to: path)
            #expect(try await changes.next() != nil)
        }
    }

    @Test(arguments: Caller.allCases) func callers(_ caller: Caller) async throws {
        try await inDirectory { loop, directory in
            let (files, path) = (loop.files, directory.file("file"))
            let change = try await caller.run(loop) {
                let changes = try await files.watchFile(path)
                try await files.makeDirectory(path)
                for try await change in changes { return Optional(change) }
                return nil
            }
            guard case .created(let status) = change else {
                Issue.record()
                return
            }
            #expect(status.kind == .directory)
        }
    }

    @Test func theLoopCloses() async throws {
        try await withDirectory { directory in
            let thread = try EventLoopThread()
            let changes = try await thread.loop.files.watchDirectory(directory.path)
            let polled = try await thread.loop.files.pollStatus(
                of: directory.path, every: .seconds(100))
            let watched = try await thread.loop.files.watchFile(directory.file("x"))
            let waiting = try await thread.loop.perform { loop in
                loop.spawn { _ in
                    await withCheckedContinuation { continuation in
                        Task.immediate { continuation.resume() }
                    }
                    var count = 0
                    do {
                        for try await _ in changes { count += 1 }
                    } catch is CancellationError {
                        return count
                    }
                    return count
                }
            }
            await thread.shutdown()
            #expect(try await waiting.value == 0)
            #expect(try await changes.next() == nil)
            #expect(try await polled.next() == nil)
            #expect(try await watched.next() == nil)
        }
    }

    @Test func aClosedLoop() async throws {
        let thread = try EventLoopThread()
        let files = thread.loop.files
        await thread.shutdown()
        await #expect(throws: FileError(.watch, "/", .canceled)) {
            try await files.watchDirectory("/")
        }
        await #expect(throws: FileError(.watch, "/", .canceled)) {
            try await files.pollStatus(of: "/", every: .seconds(1))
        }
    }

    /// One that nobody refers to any more closes its handle.
    @Test func leftAlone() async throws {
        try await inDirectory { loop, directory in
            _ = try await loop.files.watchDirectory(directory.path)
            _ = try await loop.files.watchFile(directory.file("x"))
            _ = try await loop.files.pollStatus(of: directory.path, every: .seconds(9))
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test func pendingNames() {
        var names = PendingNames(limit: 3)
        names.add("a", .renamed)
        names.add("b", .changed)
        names.add("a", .changed)
        #expect(names.takeFirst() == DirectoryChange(name: "a", kinds: [.renamed, .changed]))
        names.add("a", .changed)
        #expect(names.takeFirst()?.name == "b")
        #expect(names.takeFirst() == DirectoryChange(name: "a", kinds: .changed))
        #expect(names.isEmpty && names.takeFirst() == nil)
        for name in ["a", "b", "c", "d", "e"] { names.add(name, .changed) }
        #expect(names.takeFirst() == DirectoryChange(name: nil, kinds: [.renamed, .changed]))
        #expect(names.isEmpty)
        names.add(nil, .changed)
        names.add("a", .changed)
        #expect(names.takeFirst()?.name == nil && names.isEmpty)
    }
}
