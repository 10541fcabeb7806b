import CUV
import Glibc
import Testing

@testable import UVLoop

/// What libuv's thread pool is asked: operations on files, and other work.
@Suite struct PoolRequestTests {
    @Test func operationsOnFiles() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 1_000)
            try await onLoop { loop in
                var answers: [Result<Int, UVError>] = []
                var size: UInt64 = 0
                try FileRequest.start(loop) {
                    uv_fs_stat($0, $1, path, $2)
                } _: { answer, request in
                    size = request.pointee.statbuf.st_size
                    answers.append(answer)
                }
                #expect(answers.isEmpty)
                try await until(loop) { answers.count == 1 }
                #expect(answers[0] == .success(0) && size == 1_000)

                let descriptor = try openForReading(path)
                let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 500, alignment: 1)
                var buffer = uv_buf_t(UnsafeRawBufferPointer(memory))
                try FileRequest.start(loop) {
                    uv_fs_read($0, $1, descriptor, &buffer, 1, 100, $2)
                } _: { answer, _ in
                    answers.append(answer)
                }
                try await until(loop) { answers.count == 2 }
                #expect(answers[1] == .success(500) && Array(memory) == Array(bytes[100..<600]))
                memory.deallocate()
                close(descriptor)

                try FileRequest.start(loop) {
                    uv_fs_unlink($0, $1, directory.file("nothing"), $2)
                } _: { answer, _ in
                    answers.append(answer)
                }
                try await until(loop) { answers.count == 3 }
                #expect(answers[2] == .failure(.noSuchFileOrDirectory))
            }
        }
    }

    @Test func whatLibuvRefusesAtOnce() async throws {
        try await onLoop { loop in
            let canary = Counter()
            do {
                let bird = Canary { canary.increment() }
                #expect(throws: UVError.invalidArgument) {
                    try FileRequest.start(loop) { uv, request, callback in
                        // No buffers at all.
                        uv_fs_read(uv, request, 0, nil, 0, 0, callback)
                    } _: { _, _ in
                        withExtendedLifetime(bird) { _ = Issue.record("called") }
                    }
                }
            }
            #expect(canary.value == 1)
        }
    }

    @Test func work() async throws {
        try await onLoop { loop in
            let thread = ThreadIdentity.current
            var answers: [Result<Int, UVError>] = []
            try WorkRequest.start(loop) {
                ThreadIdentity.current == thread ? 1 : 2
            } _: { answer in
                #expect(ThreadIdentity.current == thread)
                answers.append(answer)
            }
            try await until(loop) { answers.count == 1 }
            #expect(answers == [.success(2)])
            let request = try WorkRequest.start(loop) {
                Int(UV_EIO.rawValue)
            } _: {
                answers.append($0)
            }
            try await until(loop) { answers.count == 2 }
            #expect(answers[1] == .failure(.ioError))
            #expect(!request.cancel())
        }
    }

    @Test func aClosedLoopRefuses() async throws {
        try await withLoop { loop in
            try loop.close()
            #expect(throws: UVError.canceled) {
                try WorkRequest.start(loop) {
                    0
                } _: { _ in
                    Issue.record("called")
                }
            }
            #expect(throws: UVError.canceled) {
                try FileRequest.start(loop) {
                    uv_fs_stat($0, $1, "/", $2)
                } _: { _, _ in
                    Issue.record("called")
                }
            }
        }
    }

    /// A loop that closes waits for what has begun, and everybody hears.
    @Test func aLoopThatCloses() async throws {
        try await withLoop { loop in
            let gate = Gate()
            var answers: [Result<Int, UVError>] = []
            try WorkRequest.start(loop) {
                gate.wait()
                return 7
            } _: {
                answers.append($0)
                // And begins something else.
                do {
                    try WorkRequest.start(loop) {
                        8
                    } _: {
                        answers.append($0)
                    }
                } catch {
                    Issue.record(error)
                }
            }
            startThread { gate.open() }
            try loop.close()
            #expect(answers == [.success(7), .success(8)])
        }
    }

    @Test func takingBack() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let pool = try await BusyPool(loop)
                var answers: [Result<Int, UVError>] = []
                let work = try WorkRequest.start(loop) {
                    fatalError("was taken back")
                } _: {
                    answers.append($0)
                }
                let file = try FileRequest.start(loop) {
                    uv_fs_mkdir($0, $1, "/nowhere/at/all", 0, $2)
                } _: { answer, _ in
                    answers.append(answer)
                }
                let left = try WorkRequest.start(loop) {
                    5
                } _: {
                    answers.append($0)
                }
                #expect(work.cancel())
                #expect(file.cancel())
                #expect(answers.isEmpty)
                try await until(loop) { answers.count == 2 }
                #expect(answers == [.failure(.canceled), .failure(.canceled)])
                #expect(!work.cancel() && !file.cancel())
                try await pool.end(loop)
                try await until(loop) { answers.count == 3 }
                #expect(answers[2] == .success(5))
                #expect(!left.cancel())
            }
        }
    }

    @Test func whatHasBegunCannotBeTakenBack() async throws {
        try await onLoop { loop in
            let (gate, begun) = (Gate(), Counter())
            var answer: Result<Int, UVError>?
            let request = try WorkRequest.start(loop) {
                begun.increment()
                gate.wait()
                return 9
            } _: {
                answer = $0
            }
            try await until(loop) { begun.value == 1 }
            #expect(!request.cancel())
            gate.open()
            try await until(loop) { answer != nil }
            #expect(answer == .success(9))
        }
    }
}
