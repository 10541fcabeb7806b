import Glibc
import Testing

@testable import UVLoop

/// Whole-file reads that are cancelled half-way, in each of their stages: the task hears of it at
/// once, and the descriptor goes when the thread of the pool goes on. In processes of their own:
/// descriptors are counted.
@Suite(.timeLimit(.minutes(2))) struct CancelledReadTests {
    @Test func beforeItBegins() async {
        await #expect(processExitsWith: .success) {
            try await withFIFO { loop, path, before in
                let early = loop.spawn { loop in
                    withUnsafeCurrentTask { $0?.cancel() }
                    _ = try await loop.files.read(path)
                }
                await #expect(throws: CancellationError.self) { try await early.value }
                let pool = try await BusyPool(loop)
                let queued = loop.spawn { loop in _ = try await loop.files.read(path) }
                try await until(loop) { loop.core.uv.pointee.active_reqs.count == 4 + 1 }
                queued.cancel()
                await #expect(throws: CancellationError.self) { try await queued.value }
                try await pool.end(loop)
                // Nobody has opened it.
                #expect(openWriter(path) == nil)
                #expect(openDescriptorCount() <= before)
            }
        }
    }

    /// A FIFO is opened when somebody opens the other end.
    @Test func whileItIsOpened() async {
        await #expect(processExitsWith: .success) {
            try await withFIFO { loop, path, before in
                let reading = loop.spawn { loop in _ = try await loop.files.read(path) }
                try await until(loop) { loop.core.uv.pointee.active_reqs.count == 1 }
                // What comes later has been done: so a thread has it.
                _ = try await loop.files.stat(path)
                reading.cancel()
                await #expect(throws: CancellationError.self) { try await reading.value }
                let writer = try await untilOpenWriter(path, loop)
                // It is closed without a byte.
                try await until(loop) { openDescriptorCount() <= before + 1 }
                close(writer)
            }
        }
    }

    /// Before the first byte and after some, and what comes then is more of them or the end.
    @Test func whileItIsRead() async {
        await #expect(processExitsWith: .success) {
            try await withFIFO { loop, path, before in
                for count in [0, 1, 5_000] {
                    for isEnd in [false, true] {
                        let reading = loop.spawn { loop in _ = try await loop.files.read(path) }
                        let writer = try await untilOpenWriter(path, loop)
                        try writeAll([UInt8](repeating: 1, count: count), to: writer)
                        try await until(loop) { unreadCount(writer) == 0 }
                        reading.cancel()
                        await #expect(throws: CancellationError.self) { try await reading.value }
                        if isEnd {
                            close(writer)
                        } else {
                            // Refused if the thread has found out already.
                            try? writeAll([1], to: writer)
                        }
                        try await until(loop) { openDescriptorCount() <= before + (isEnd ? 0 : 1) }
                        if !isEnd { close(writer) }
                    }
                }
            }
        }
    }

    /// The thread has done, and the loop does not know yet.
    @Test func afterTheLastByte() async {
        await #expect(processExitsWith: .success) {
            try await withFIFO { loop, path, before in
                let reading = loop.spawn { loop in try await loop.files.read(path) }
                let writer = try await untilOpenWriter(path, loop)
                try writeAll([1, 2, 3], to: writer)
                close(writer)
                while openDescriptorCount() > before { sched_yield() }
                reading.cancel()
                // Whichever the loop hears of first.
                switch await reading.result {
                case .success(let bytes): #expect(bytes == [1, 2, 3])
                case .failure(let error): #expect(error is CancellationError)
                }
            }
        }
    }

    /// Wherever it happens to be, of a file that takes many system calls.
    @Test func anywhere() async {
        await #expect(processExitsWith: .success) {
            try await withDirectory { directory in
                let (path, _) = try directory.make("file", count: 16_000_000)
                try EventLoop.run { loop in
                    _ = try await loop.files.stat(path)
                    let before = openDescriptorCount()
                    for number in 0..<60 {
                        let reading = Task.detached(
                            executorPreference: number % 2 == 0 ? nil : loop.loopTaskExecutor
                        ) { try await loop.files.read(path).count }
                        try await loop.sleep(for: .microseconds(100 * number))
                        reading.cancel()
                        switch await reading.result {
                        case .success(let count): #expect(count == 16_000_000)
                        case .failure(let error): #expect(error is CancellationError)
                        }
                    }
                    try await until(loop) { openDescriptorCount() <= before }
                }
            }
        }
    }
}

/// Lends a loop, a FIFO, and how many descriptors are open: no more may be at the end. There may be
/// fewer, because at first the process may have some of its own for a moment.
private func withFIFO(
    _ body:
        @escaping @Sendable (isolated EventLoop, _ path: String, _ before: Int) async throws
        -> Void
) async throws {
    try await withDirectory { directory in
        let path = directory.file("fifo")
        precondition(mkfifo(path, 0o600) == 0)
        try EventLoop.run { loop in
            _ = try await loop.files.stat(path)
            let before = openDescriptorCount()
            try await body(loop, path, before)
            try await until(loop) { openDescriptorCount() <= before }
        }
    }
}

/// The writing end of a FIFO, if somebody has opened the other or is opening it.
private func openWriter(_ path: String) -> Int32? {
    let descriptor = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
    return descriptor >= 0 ? descriptor : nil
}

private func untilOpenWriter(_ path: String, _ loop: isolated EventLoop) async throws -> Int32 {
    var writer: Int32?
    try await until(loop) {
        writer = openWriter(path)
        return writer != nil
    }
    return writer!
}

/// How many bytes in a pipe nobody has read.
private func unreadCount(_ descriptor: Int32) -> Int32 {
    var count: Int32 = -1
    precondition(ioctl(descriptor, UInt(FIONREAD), &count) == 0)
    return count
}
