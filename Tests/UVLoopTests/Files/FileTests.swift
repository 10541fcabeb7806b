import CUV
import Glibc
import Testing

@testable import UVLoop

/// Open files.
@Suite struct FileTests {
    private func withTestFile(
        _ count: Int, _ mode: OpenMode = .readWrite,
        _ body: @escaping @Sendable (File, [UInt8]) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: count)
            try await onLoop { loop in
                try await loop.files.withFile(path, mode) { try await body($0, bytes) }
            }
        }
    }

    @Test func reading() async throws {
        try await withTestFile(100_000) { file, bytes in
            for (count, position) in [(10, 5), (100, 99_990), (100, 100_000), (0, 0), (1, 0)] {
                let read = try await file.read(count, at: position)
                #expect(read == Array(bytes[position...].prefix(count)))
            }
            // The file's own position.
            let (first, rest) = (try await file.read(4), try await file.read(200_000))
            #expect(first == Array(bytes[..<4]) && rest == Array(bytes[4...]))
            let none = try await file.read(4)
            #expect(none == [])
            let invalid = FileError(.read, file.path, .invalidArgument)
            await #expect(throws: invalid) { _ = try await file.read(-1, at: 0) }
            await #expect(throws: invalid) { _ = try await file.read(1, at: -1) }
        }
    }

    @Test func intoMemory() async throws {
        try await withTestFile(3_000_000) { file, bytes in
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2_500_000, alignment: 1)
            defer { memory.deallocate() }
            let count = try await file.read(into: memory, at: 1_000_000)
            #expect(count == 2_000_000)
            #expect(memory[..<2_000_000].elementsEqual(bytes[1_000_000...]))
            let pieces = [0..<10, 20..<20, 30..<1_000].map {
                UnsafeMutableRawBufferPointer(rebasing: memory[$0])
            }
            let scattered = try await file.read(into: pieces, at: 7)
            #expect(scattered == 980)
            #expect(memory[..<10].elementsEqual(bytes[7..<17]))
            #expect(memory[30..<1_000].elementsEqual(bytes[17..<987]))
            let first = try await file.read(into: pieces[2])
            let second = try await file.read(into: pieces[0])
            #expect(first == 970 && second == 10)
            #expect(pieces[0].elementsEqual(bytes[970..<980]))
            await #expect(throws: FileError(.read, file.path, .invalidArgument)) {
                _ = try await file.read(into: memory, at: -7)
            }
        }
    }

    @Test func chunks() async throws {
        try await withTestFile(10_000) { file, bytes in
            var counts: [Int] = []
            var all: [UInt8] = []
            for try await chunk in file.chunks(of: 3_000, from: 1_000) {
                counts.append(chunk.count)
                all += chunk
            }
            #expect(counts == [3_000, 3_000, 3_000] && all == Array(bytes[1_000...]))
            for try await _ in file.chunks(from: 10_000) { Issue.record("behind the end") }
        }
    }

    @Test func writing() async throws {
        try await withTestFile(10) { file, bytes in
            try await file.write([9, 9], at: 2)
            try await file.write("ab", at: 12)
            #expect(
                try await file.read(100, at: 0)
                    == bytes[..<2] + [9, 9] + bytes[4...] + [0, 0] + Array("ab".utf8))
            try await file.write("xyz")
            #expect(try await file.read(3, at: 0) == Array("xyz".utf8))
            // More than one system call takes.
            let large = pattern(5_000_001)
            try await file.write(large, at: 1)
            #expect(try await file.stat().size == 5_000_002)
            #expect(try await file.read(6_000_000, at: 1) == large)
            try await file.truncate(to: 4)
            try await file.truncate(to: 6)
            #expect(try await file.read(100, at: 4) == [0, 0])
            try await file.write([], at: 0)
            try await file.sync()
            try await file.dataSync()
            await #expect(throws: FileError(.write, file.path, .invalidArgument)) {
                try await file.write("x", at: -1)
            }
        }
    }

    @Test func pieces() async throws {
        try await withTestFile(0) { file, _ in
            // More than one system call takes.
            let bytes = pattern(30_000)
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 30_000, alignment: 1)
            memory.copyBytes(from: bytes)
            defer { memory.deallocate() }
            var pieces: [UnsafeRawBufferPointer] = []
            for start in stride(from: 0, to: 30_000, by: 10) {
                pieces.append(UnsafeRawBufferPointer(rebasing: memory[start..<start + 10]))
                pieces.append(UnsafeRawBufferPointer(rebasing: memory[start..<start]))
            }
            try await file.write(pieces, at: 3)
            #expect(try await file.read(40_000, at: 3) == bytes)
            try await file.write(UnsafeRawBufferPointer(memory))
            try await file.write(pieces)
            #expect(try await file.read(70_000, at: 0) == bytes + bytes)
        }
    }

    @Test func appending() async throws {
        try await withTestFile(3, .log) { file, bytes in
            try await file.write("a", at: 0)
            try await file.write("b")
            #expect(try await file.stat().size == 5)
            await #expect(throws: FileError(.read, file.path, .badFileDescriptor)) {
                try await file.read(1, at: 0)
            }
        }
    }

    @Test func attributes() async throws {
        try await withTestFile(3) { file, _ in
            try await file.changeMode(to: 0o604)
            let time = FileTime(seconds: 1_234_567_890, nanoseconds: 5_000)
            try await file.changeTimes(access: time, modification: time)
            try await file.changeOwner(user: nil, group: nil)
            let status = try await file.stat()
            #expect(status.permissions == 0o604 && status.modificationTime == time)
            await #expect(throws: FileError(.changeTimes, file.path, .invalidArgument)) {
                try await file.changeTimes(access: FileTime(seconds: -1), modification: time)
            }
            await #expect(throws: FileError(.truncate, file.path, .invalidArgument)) {
                try await file.truncate(to: -1)
            }
        }
    }

    @Test func fromFileToFile() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 2_500_000)
            try await onLoop { loop in
                let source = try await loop.files.open(path)
                let target = try await loop.files.open(directory.file("copy"), .overwrite)
                #expect(try await source.send(count: 10, to: target) == 10)
                #expect(try await source.send(from: 10, count: .max / 2, to: target) == 2_499_990)
                #expect(try await loop.files.read(target.path) == bytes)
                await #expect(
                    throws: FileError(.send, path, to: target.path, .invalidArgument)
                ) { try await source.send(from: -1, count: 1, to: target) }
                try await target.close()
                await #expect(
                    throws: FileError(.send, path, to: target.path, .badFileDescriptor)
                ) { try await source.send(count: 1, to: target) }
                try await source.close()
            }
        }
    }

    @Test func toAStream() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 200_000)
            let other = try EventLoopThread()
            try await onLoop { loop in
                let (stream, peer) = try await loop.streamPair()
                let received = loop.spawn { _ in
                    var all: [UInt8] = []
                    for try await chunk in peer { all += chunk }
                    return all
                }
                let file = try await loop.files.open(path)
                #expect(try await stream.sendFile(file, from: 199_000) == 1_000)
                #expect(try await stream.sendFile(file, count: 5) == 5)
                // Behind those.
                #expect(try await stream.sendFile(file) == 199_995)
                try await file.close()
                await #expect(throws: FileError(.open, path, .badFileDescriptor)) {
                    try await stream.sendFile(file)
                }
                // One of another loop.
                let foreign = try await other.loop.files.open(path)
                #expect(try await stream.sendFile(foreign, from: 7) == 199_993)
                try await foreign.close()
                try await stream.sendEOF()
                #expect(try await received.value == bytes[199_000...] + bytes + bytes[7...])
                stream.abort()
            }
            await other.shutdown()
        }
    }

    @Test(arguments: Caller.allCases) func callers(_ caller: Caller) async throws {
        try await withDirectory { directory in
            try await onLoop { loop in
                let files = loop.files
                let path = directory.file("file")
                let text = try await caller.run(loop) {
                    let file = try await files.open(path, [.readWrite, .create, .exclusive])
                    try await file.write("hello")
                    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 9, alignment: 1)
                    defer { memory.deallocate() }
                    let count = try await file.read(into: memory, at: 0)
                    try await file.close()
                    var names: [String] = []
                    for try await entry in files.entries(of: directory.path) {
                        names.append(entry.name)
                    }
                    return String(decoding: memory[..<count], as: UTF8.self) + "\(names)"
                }
                #expect(text == #"hello["file"]"#)
            }
        }
    }

    @Test func temporary() async throws {
        try await withDirectory { directory in
            try await onLoop { loop in
                let file = try await loop.files.makeTemporaryFile(in: directory.path, prefix: "t-")
                #expect(file.path.hasPrefix(directory.path + "/t-"))
                // Any letters, of which some may be an X.
                #expect(!file.path.hasSuffix("XXXXXX"))
                #expect(try await file.stat().permissions == 0o600)
                try await file.write("kept")
                #expect(try await loop.files.readText(file.path) == "kept")
                try await file.close()
                let path = try await loop.files.withTemporaryDirectory(in: directory.path) { path in
                    try await loop.files.makeDirectory("\(path)/a/b", withParents: true)
                    try await loop.files.write("x", to: "\(path)/a/file")
                    return path
                }
                #expect(try await !loop.files.exists(path))
                #expect(try directory.names.count == 1)
                let bare = try await loop.files.makeTemporaryDirectory()
                #expect(try await loop.files.stat(bare).permissions == 0o700)
                try await loop.files.removeDirectory(bare)
                await #expect(throws: FileError.self) {
                    try await loop.files.makeTemporaryFile(in: directory.file("missing"))
                }
            }
        }
    }

    @Test func adopted() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 100)
            try await onLoop { loop in
                let descriptor = try openForReading(path)
                let file = try loop.files.adopt(descriptor, name: "mine")
                #expect(try await file.read(100, at: 0) == bytes)
                #expect(try await file.withDescriptor { $0 } == descriptor)
                try await file.close()
                #expect(throws: FileError(.open, "descriptor 999999", .badFileDescriptor)) {
                    try loop.files.adopt(999_999)
                }
            }
        }
    }

    /// By callbacks.
    @Test func callbacks() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 100)
            try await withLoop { loop in
                var answer: [UInt8] = []
                var isClosed = false
                try loop.files.start(.open(path)) { result in
                    let file = try result.get()
                    try loop.files.start(.read(file, 50, at: 10)) { answer = try $0.get() }
                    // Waits for the reading.
                    try loop.files.start(.close(file)) { result in
                        try result.get()
                        isClosed = true
                        #expect(!answer.isEmpty)
                    }
                    #expect(throws: FileError(.stat, path, .badFileDescriptor)) {
                        try loop.files.start(.stat(file)) { _ in Issue.record("called") }
                    }
                }
                try loop.run()
                #expect(answer == Array(bytes[10..<60]) && isClosed)
            }
        }
    }
}
