import Glibc
import Testing

@testable import UVLoop

/// What is done to paths.
@Suite struct PathOperationTests {
    /// On a loop, with a directory.
    private func inDirectory(
        _ body: @escaping @Sendable (FileSystem, TemporaryDirectory) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            try await onLoop { loop in try await body(loop.files, directory) }
        }
    }

    private func expect(
        _ code: UVError, _ operation: FileError.Operation, _ path: String, to other: String? = nil,
        _ body: () async throws -> Void
    ) async {
        await #expect(throws: FileError(operation, path, to: other, code)) { try await body() }
    }

    @Test func status() async throws {
        try await inDirectory { files, directory in
            let path = try directory.make("file", [1, 2, 3])
            let before = FileTime.now
            let status = try await files.stat(path)
            #expect(status.kind == .regular && status.size == 3 && status.permissions == 0o600)
            #expect(status.userID == geteuid() && status.linkCount == 1)
            #expect(status.blockSize > 0 && status.allocatedSize % 512 == 0)
            #expect(status.modificationTime.seconds <= before.seconds + 1)
            #expect(status.modificationTime.seconds > before.seconds - 600)
            var found = stat()
            #expect(lstat(path, &found) == 0)
            #expect(status.modificationTime.nanoseconds == found.st_mtim.tv_nsec)
            #expect(status.identity.device == found.st_dev)
            #expect(status.identity.inode == found.st_ino)
            #expect(try await files.stat(directory.path).kind == .directory)
            #expect(try await files.stat("/dev/null").kind == .characterDevice)
            let missing = directory.file("missing")
            await expect(.noSuchFileOrDirectory, .stat, missing) {
                _ = try await files.stat(missing)
            }
            await expect(.notDirectory, .stat, "\(path)/x") {
                _ = try await files.stat("\(path)/x")
            }
        }
    }

    @Test func links() async throws {
        try await inDirectory { files, directory in
            let path = try directory.make("file", [1, 2, 3])
            let (link, second) = (directory.file("link"), directory.file("second"))
            try await files.symbolicLink(at: link, to: "file")
            #expect(try await files.readLink(link) == "file")
            #expect(try await files.lstat(link).kind == .symbolicLink)
            #expect(try await files.stat(link).kind == .regular)
            #expect(try await files.realPath(link) == files.realPath(path))
            try await files.link(path, to: second)
            #expect(try await files.stat(second).linkCount == 2)
            #expect(try await files.stat(second).identity == files.stat(path).identity)
            await expect(.invalidArgument, .readLink, path) { _ = try await files.readLink(path) }
            await expect(.fileExists, .link, path, to: link) {
                try await files.link(path, to: link)
            }
            await expect(.fileExists, .symbolicLink, link, to: "x") {
                try await files.symbolicLink(at: link, to: "x")
            }
            try await files.symbolicLink(at: directory.file("loop"), to: "loop")
            let loop = directory.file("loop")
            await expect(.tooManySymbolicLinks, .realPath, loop) {
                _ = try await files.realPath(loop)
            }
        }
    }

    @Test func names() async throws {
        try await inDirectory { files, directory in
            let (old, new) = (try directory.make("old", [1]), directory.file("new"))
            try directory.make("new", [2, 3])
            try await files.rename(old, to: new)
            #expect(try directory.names == ["new"])
            #expect(try await files.read(new) == [1])
            let far = directory.file("no/where")
            await expect(.noSuchFileOrDirectory, .rename, new, to: far) {
                try await files.rename(new, to: far)
            }
            #expect(try await files.exists(new))
            try await files.unlink(new)
            #expect(try await !files.exists(new))
            #expect(try await !files.exists(new + "/deeper"))
            await expect(.noSuchFileOrDirectory, .unlink, new) { try await files.unlink(new) }
            await expect(.isDirectory, .unlink, directory.path) {
                try await files.unlink(directory.path)
            }
        }
    }

    @Test func copying() async throws {
        try await inDirectory { files, directory in
            let (path, bytes) = try directory.make("file", count: 300_000)
            let copy = directory.file("copy")
            try await files.changeMode(of: path, to: 0o640)
            try await files.copy(path, to: copy)
            #expect(try await files.read(copy) == bytes)
            #expect(try await files.stat(copy).permissions == 0o640)
            await expect(.fileExists, .copy, path, to: copy) {
                try await files.copy(path, to: copy, .exclusive)
            }
            try await files.copy(path, to: directory.file("clone"), .clone)
            #expect(try await files.read(directory.file("clone")) == bytes)
            let missing = directory.file("missing")
            await expect(.noSuchFileOrDirectory, .copy, missing, to: copy) {
                try await files.copy(missing, to: copy)
            }
        }
    }

    @Test func attributes() async throws {
        try await inDirectory { files, directory in
            let path = try directory.make("file", [1])
            let link = directory.file("link")
            try await files.symbolicLink(at: link, to: path)
            try await files.changeMode(of: path, to: [.ownerRead, .setUserID])
            #expect(try await files.stat(path).permissions == 0o4400)
            let access = FileTime(seconds: 1_000_000_000, nanoseconds: 123_456_789)
            let modification = FileTime(seconds: 1_700_000_000, nanoseconds: 999_999_999)
            try await files.changeTimes(of: link, access: access, modification: modification)
            let status = try await files.stat(path)
            #expect(status.accessTime == FileTime(seconds: 1_000_000_000, nanoseconds: 123_456_000))
            #expect(
                status.modificationTime
                    == FileTime(seconds: 1_700_000_000, nanoseconds: 999_999_000))
            try await files.changeTimes(
                of: link, access: access, modification: .init(seconds: 5), followsLink: false)
            #expect(try await files.lstat(link).modificationTime.seconds == 5)
            #expect(try await files.stat(path).modificationTime.seconds == 1_700_000_000)
            let early = FileTime(seconds: -1)
            await expect(.invalidArgument, .changeTimes, path) {
                try await files.changeTimes(of: path, access: early, modification: early)
            }
            try await files.changeOwner(of: path, user: nil, group: nil)
            #expect(try await files.stat(path).userID == geteuid())
            if geteuid() == 0 {
                try await files.changeOwner(of: link, user: 7, group: nil)
                try await files.changeOwner(of: link, user: nil, group: 8, followsLink: false)
                let (file, itself) = (try await files.stat(path), try await files.lstat(link))
                #expect(file.userID == 7 && file.groupID == 0)
                #expect(itself.userID == 0 && itself.groupID == 8)
            }
            try await files.access(path, .read)
            try await files.access(path)
            #expect(try await files.statFileSystem(path).size > 0)
            #expect(try await files.statFileSystem(path).availableSize >= 0)
        }
    }

    /// Everything once more by callbacks, on a loop that has no task.
    @Test func callbacks() async throws {
        try await withDirectory { directory in
            let path = try directory.make("file", [1, 2, 3])
            try await withLoop { loop in
                var log: [String] = []
                try loop.files.start(.stat(path)) { result in
                    log.append("size \(try result.get().size)")
                    try loop.files.start(.rename(path, to: directory.file("new"))) { result in
                        try result.get()
                        log.append("renamed")
                    }
                }
                #expect(log.isEmpty)
                try loop.run()
                #expect(log == ["size 3", "renamed"])
                var reports: [String] = []
                loop.exceptionHandler = { reports.append("\($0)") }
                try loop.files.start(.unlink(path)) { try $0.get() }
                try loop.run()
                #expect(
                    reports == [
                        "error in file completion: unlink \(path): "
                            + "ENOENT: no such file or directory"
                    ])
                #expect(throws: FileError(.stat, "a\0b", .invalidArgument)) {
                    try loop.files.start(.stat("a\0b")) { _ in Issue.record("called") }
                }
                try loop.close()
                #expect(throws: FileError(.stat, path, .canceled)) {
                    try loop.files.start(.stat(path)) { _ in Issue.record("called") }
                }
            }
        }
    }

    @Test(arguments: Caller.allCases) func callers(_ caller: Caller) async throws {
        try await onLoop { loop in
            let files = loop.files
            let kind = try await caller.run(loop) { try await files.stat("/").kind }
            #expect(kind == .directory)
            let error = await #expect(throws: FileError.self) {
                try await caller.run(loop) { _ = try await files.readText("/nowhere") }
            }
            #expect(error?.code == .noSuchFileOrDirectory)
        }
    }

    @Test func aClosedLoop() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        await thread.shutdown()
        await expect(.canceled, .stat, "/") { _ = try await loop.files.stat("/") }
    }

    @Test func whatAnErrorSays() {
        let error = FileError(.rename, "a", to: "b/c", .noSuchFileOrDirectory)
        #expect("\(error)" == "rename a to b/c: ENOENT: no such file or directory")
    }

    @Test func times() {
        let time = FileTime(seconds: 1, nanoseconds: -1)
        #expect(time.seconds == 0 && time.nanoseconds == 999_999_999)
        #expect(
            FileTime(seconds: 1, nanoseconds: 2_500_000_000) == FileTime(since1970: .seconds(3.5)))
        #expect(time < FileTime(seconds: 1) && FileTime(seconds: -1) < time)
        #expect(FileTime(since1970: .milliseconds(-1)).nanoseconds == 999_000_000)
        #expect(time.since1970 == .nanoseconds(999_999_999))
    }
}
