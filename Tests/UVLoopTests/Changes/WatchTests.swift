import Glibc
import Testing

@testable import UVLoop

/// The handles that watch, by callbacks.
@Suite struct WatchTests {
    @Test func aPath() async throws {
        try await withDirectory { directory in
            try await onLoop { loop in
                let path = try directory.make("file", [1])
                var events: [PathWatch.PathEvent] = []
                let watch = try PathWatch(loop) { events.append(try $0.get()) }
                #expect(watch.path == nil && !watch.isActive)
                try watch.start(path)
                #expect(watch.path == path && watch.isActive)
                try directory.write("more", to: "file")
                try await until(loop) { events.contains { $0.kinds == .changed } }
                #expect(events.allSatisfy { $0.name == "file" })
                // It says so when the file goes, and nothing about the next one.
                events = []
                try directory.delete("file")
                try await until(loop) { events.contains { $0.kinds == .renamed } }
                #expect(events.allSatisfy { $0.name == "file" })
                watch.stop()
                watch.stop()
                #expect(watch.path == nil && !watch.isActive)
                events = []
                try watch.start(directory.path)
                try directory.make("new", [1])
                try await until(loop) { events.contains { $0.name == "new" } }
                watch.close()
                #expect(throws: FileError(.watch, path, .badFileDescriptor)) {
                    try watch.start(path)
                }
            }
        }
    }

    @Test func aPathThatIsNotThere() async throws {
        try await withLoop { loop in
            let watch = try PathWatch(loop) { _ in Issue.record("called") }
            #expect(throws: FileError(.watch, "/nowhere", .noSuchFileOrDirectory)) {
                try watch.start("/nowhere")
            }
            #expect(throws: FileError(.watch, "a\0b", .invalidArgument)) {
                try watch.start("a\0b")
            }
            #expect(!watch.isActive)
            try loop.close()
            #expect(throws: FileError(.watch, "/", .badFileDescriptor)) { try watch.start("/") }
            #expect(throws: UVError.canceled) { try PathWatch(loop) { _ in } }
            #expect(throws: UVError.canceled) { try StatusPoll(loop) { _ in } }
        }
    }

    /// A handler may close it, and throw.
    @Test func closedInItsHandler() async throws {
        try await withDirectory { directory in
            try await onLoop { loop in
                let reports = Reports(loop)
                var watch: PathWatch?
                watch = try PathWatch(loop) { _ in
                    watch?.close()
                    watch = nil
                    throw Planned(number: 3)
                }
                try watch?.start(directory.path)
                try directory.make("new", [1])
                try await until(loop) { !reports.contexts.isEmpty }
                #expect(reports.sources == [.watch("PathWatch")])
                try await until(loop) { !loop.core.hasUserHandles }
            }
        }
    }

    @Test func aStatus() async throws {
        try await withDirectory { directory in
            try await onLoop { loop in
                let path = directory.file("file")
                var changes: [Result<StatusPoll.Change, FileError>] = []
                let poll = try StatusPoll(loop) { changes.append($0) }
                try poll.start(path, every: .milliseconds(1))
                #expect(poll.path == path)
                let missing = FileError(.watch, path, .noSuchFileOrDirectory)
                try await until(loop) { changes == [.failure(missing)] }
                try directory.write("12345", to: "file")
                try await until(loop) { (try? changes.last?.get())?.current.size == 5 }
                try directory.delete("file")
                try await until(loop) { changes.last == .failure(missing) }
                poll.stop()
                poll.stop()
                #expect(poll.path == nil && !poll.isActive)
                try poll.start(directory.path, every: .zero)
                poll.close()
                #expect(throws: FileError(.watch, path, .badFileDescriptor)) {
                    try poll.start(path, every: .seconds(1))
                }
            }
        }
    }

    /// At work they need no reference, and go with the loop.
    @Test func theLoopHoldsThem() async throws {
        try await withDirectory { directory in
            try await withLoop { loop in
                let canary = Counter()
                func start() throws {
                    let bird = Canary { canary.increment() }
                    try PathWatch(loop) { _ in withExtendedLifetime(bird) {} }
                        .start(directory.path)
                    try StatusPoll(loop) { _ in withExtendedLifetime(bird) {} }
                        .start(directory.path, every: .seconds(100))
                }
                try start()
                #expect(try loop.run(.nonBlocking))
                #expect(canary.value == 0)
                try loop.close()
                #expect(canary.value == 1)
            }
        }
    }
}
