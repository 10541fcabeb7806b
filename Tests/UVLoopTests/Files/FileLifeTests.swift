import CUV
import Glibc
import Testing

@testable import UVLoop

/// Descriptors that are counted, operations that are taken back, and what the system refuses; in
/// processes of their own.
@Suite struct FileLifeTests {
    @Test func whatIsLeftOpenIsClosed() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, _) = try directory.make("file", count: 100)
                for number in 0..<100 { try directory.make("file \(number)", []) }
                try EventLoop.run { loop in
                    let reports = Reports(loop)
                    _ = try await loop.files.stat(path)
                    let before = openDescriptorCount()
                    for _ in 0..<50 {
                        _ = try await loop.files.open(path)
                        for try await _ in loop.files.entries(of: directory.path) { break }
                        try await Task.detached { _ = try await loop.files.open(path) }.value
                    }
                    try await expectDescriptors(before, loop)
                    #expect(reports.contexts.isEmpty)
                    loop.isDebug = true
                    _ = try await loop.files.open(path)
                    try await until(loop) { reports.contexts.count == 1 }
                    let message = reports.contexts[0].message
                    #expect(message.hasPrefix("\(path) was left open"))
                    #expect(message.contains("FileLifeTests.swift"))
                    let closed = try await loop.files.open(path)
                    try await closed.close()
                    try await closed.close()
                    try await expectDescriptors(before, loop)
                    #expect(reports.contexts.count == 1)
                }
            }
        }
    }

    /// A file outlives its loop, and goes with its last reference.
    @Test func afterTheLoop() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, _) = try directory.make("file", count: 100)
                func open() throws -> File {
                    try EventLoop.run { loop in try await loop.files.open(path) }
                }
                _ = try open()
                let before = openDescriptorCount()
                do {
                    let file = try open()
                    precondition(openDescriptorCount() <= before + 1)
                    await #expect(throws: FileError(.read, path, .canceled)) {
                        try await file.read(1)
                    }
                }
                precondition(openDescriptorCount() <= before)
            }
        }
    }

    /// Nothing has begun: nothing happens.
    @Test func takenBack() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, _) = try directory.make("file", count: 100)
                try EventLoop.run { loop in
                    let files = loop.files
                    let file = try await files.open(path, .readWrite)
                    let before = openDescriptorCount()
                    let pool = try await BusyPool(loop)
                    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 9, alignment: 1)
                    // Sound: the task ends before it is given back.
                    nonisolated(unsafe) let lent = memory
                    let tasks = [
                        loop.spawn { _ in _ = try await files.open(path) },
                        loop.spawn { _ in try await files.unlink(path) },
                        loop.spawn { _ in try await file.write("changed", at: 0) },
                        loop.spawn { _ in _ = try await file.read(into: lent, at: 0) },
                        loop.spawn { _ in _ = try await files.makeTemporaryDirectory() },
                        loop.spawn { _ in try await files.write("x", to: path, .replacing) },
                        loop.spawn { _ in for try await _ in files.entries(of: path) {} },
                    ]
                    try await until(loop) { loop.core.uv.pointee.active_reqs.count == 4 + 7 }
                    for task in tasks { task.cancel() }
                    for task in tasks {
                        await #expect(throws: CancellationError.self) { try await task.value }
                    }
                    memory.deallocate()
                    try await pool.end(loop)
                    // What comes to a file after those is as ever.
                    #expect(try await file.stat().size == 100)
                    #expect(try await file.read(7, at: 0) != Array("changed".utf8))
                    try await expectDescriptors(before, loop)
                    let early = loop.spawn { _ in
                        withUnsafeCurrentTask { $0?.cancel() }
                        try await files.unlink(path)
                    }
                    await #expect(throws: CancellationError.self) { try await early.value }
                    #expect(try await files.exists(path))
                    // To close is never refused.
                    let closing = loop.spawn { _ in
                        withUnsafeCurrentTask { $0?.cancel() }
                        try await file.close()
                    }
                    await #expect(throws: CancellationError.self) { try await closing.value }
                    try await expectDescriptors(before - 1, loop)
                }
            }
        }
    }

    /// A FIFO is opened when somebody opens the other end: until then its task is cancelled.
    @Test func givenBack() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let fifo = directory.file("fifo")
                precondition(mkfifo(fifo, 0o600) == 0)
                try EventLoop.run { loop in
                    let files = loop.files
                    _ = try await files.stat(fifo)
                    let before = openDescriptorCount()
                    let opening = loop.spawn { _ in _ = try await files.open(fifo) }
                    try await until(loop) { loop.core.uv.pointee.active_reqs.count == 1 }
                    // A thread has it, as far as one can know: nothing else is there to do.
                    _ = try await files.stat(fifo)
                    opening.cancel()
                    await #expect(throws: CancellationError.self) { try await opening.value }
                    let writer = try await files.open(fifo, .write)
                    try await expectDescriptors(before + 1, loop)

                    // Lent memory is waited for.
                    let reader = try await files.open(fifo, [.read, .nonBlocking])
                    _ = try await reader.withDescriptor { fcntl($0, F_SETFL, 0) }
                    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 9, alignment: 1)
                    // Sound: the task ends before it is given back.
                    nonisolated(unsafe) let lent = memory
                    let isOver = Counter()
                    let reading = loop.spawn { _ in
                        defer { isOver.increment() }
                        _ = try await reader.read(into: lent)
                    }
                    try await until(loop) { loop.core.uv.pointee.active_reqs.count == 1 }
                    _ = try await files.stat(fifo)
                    reading.cancel()
                    _ = try await files.stat(fifo)
                    #expect(isOver.value == 0)
                    // It is closed when the thread has done with it.
                    let closing = loop.spawn { _ in try await reader.close() }
                    _ = try await files.stat(fifo)
                    try await writer.write("hello")
                    await #expect(throws: CancellationError.self) { try await reading.value }
                    #expect(memory[..<5].elementsEqual("hello".utf8))
                    memory.deallocate()
                    try await closing.value
                    try await writer.close()
                    try await expectDescriptors(before, loop)
                }
            }
        }
    }

    /// A loop that closes waits for what has begun; who waits there hears of it.
    @Test func theLoopCloses() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, _) = try directory.make("file", count: 100)
                let before = openDescriptorCount()
                for _ in 0..<20 {
                    try EventLoop.run { loop in
                        for _ in 0..<20 {
                            loop.spawn { loop in
                                let file = try await loop.files.open(path)
                                _ = try await file.read(10)
                            }
                        }
                        await Task.yield()
                    }
                }
                let after = openDescriptorCount()
                precondition(after <= before + 2, "\(before) before, \(after) after")
            }
        }
    }

    @Test func tooManyOpenFiles() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, _) = try directory.make("file", count: 100)
                try EventLoop.run { loop in
                    _ = try await loop.files.stat(path)
                    let before = openDescriptorCount()
                    var limit = rlimit()
                    getrlimit(.init(RLIMIT_NOFILE.rawValue), &limit)
                    let all = limit.rlim_cur
                    limit.rlim_cur = rlim_t(before + 3)
                    setrlimit(.init(RLIMIT_NOFILE.rawValue), &limit)
                    var files: [File] = []
                    var refused: FileError?
                    while refused == nil {
                        do {
                            files.append(try await loop.files.open(path))
                        } catch {
                            refused = error as? FileError
                        }
                    }
                    #expect(refused == FileError(.open, path, .tooManyOpenFiles))
                    await #expect(throws: FileError(.read, path, .tooManyOpenFiles)) {
                        try await loop.files.read(path)
                    }
                    await #expect(
                        throws: FileError(.readDirectory, directory.path, .tooManyOpenFiles)
                    ) { for try await _ in loop.files.entries(of: directory.path) {} }
                    await #expect(throws: (any Error).self) {
                        try await loop.files.watchDirectory(directory.path)
                    }
                    limit.rlim_cur = all
                    setrlimit(.init(RLIMIT_NOFILE.rawValue), &limit)
                    for file in files { try await file.close() }
                    try await expectDescriptors(before, loop)
                }
            }
        }
    }

    /// As somebody who owns nothing.
    @Test func noPermission() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, _) = try directory.make("file", count: 100)
                chmod(directory.path, 0o755)
                let isRoot = geteuid() == 0
                if isRoot {
                    precondition(setegid(65_534) == 0 && setgroups(0, nil) == 0)
                    // The saved one stays, for the way back.
                    precondition(setreuid(65_534, 0) == 0 && seteuid(65_534) == 0)
                } else {
                    chmod(path, 0)
                    chmod(directory.path, 0o555)
                }
                defer {
                    if isRoot { precondition(seteuid(0) == 0 && setreuid(0, 0) == 0) }
                    chmod(directory.path, 0o755)
                }
                try EventLoop.run { loop in
                    let (files, new) = (loop.files, directory.file("new"))
                    await #expect(throws: FileError(.open, path, .permissionDenied)) {
                        try await files.open(path)
                    }
                    await #expect(throws: FileError(.access, path, .permissionDenied)) {
                        try await files.access(path, .read)
                    }
                    await #expect(throws: FileError(.makeDirectory, new, .permissionDenied)) {
                        try await files.makeDirectory(new)
                    }
                    await #expect(throws: FileError(.write, new, .permissionDenied)) {
                        try await files.write("x", to: new, .replacing)
                    }
                    await #expect(throws: FileError(.unlink, path, .permissionDenied)) {
                        try await files.unlink(path)
                    }
                }
            }
        }
    }

    @Test func nothingIsLeftOfManyOperations() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, bytes) = try directory.make("file", count: 4_096)
                try EventLoop.run { loop in
                    func work(_ count: Int) async throws {
                        let file = try await loop.files.open(path)
                        for _ in 0..<count {
                            let read = try await file.read(4_096, at: 0)
                            precondition(read == bytes)
                        }
                        for _ in 0..<count / 10 {
                            _ = try await loop.files.read(path)
                            _ = try await loop.files.readDirectory(directory.path)
                            for try await _ in loop.files.entries(of: directory.path) {}
                            _ = try await loop.files.realPath(path)
                            _ = try? await loop.files.stat(directory.file("missing"))
                            try await loop.files.write(bytes, to: path, .replacing)
                            let changes = try await loop.files.watchFile(path)
                            changes.close()
                        }
                        try await file.close()
                    }
                    try await work(2_000)
                    let (memory, descriptors) = (residentByteCount(), openDescriptorCount())
                    try await work(20_000)
                    let growth = residentByteCount() - memory
                    precondition(growth < 8 << 20, "memory has grown by \(growth) bytes")
                    try await expectDescriptors(descriptors, loop)
                }
            }
        }
    }
}

/// Waits until no more are open than before: what is being closed takes its time.
private func expectDescriptors(_ before: Int, _ loop: isolated EventLoop) async throws {
    try await until(loop) { openDescriptorCount() <= before }
}
