import CUV
import Glibc
import UVLoop

/// Reads of 4 KiB from a file that is in the system's cache, 32 under way at a time, each begun
/// when one has ended. The time of the threads of libuv's pool counts. Fewer at a time would let
/// those threads fall asleep and be woken for each read, which costs most of it then and varies.
enum FileReads {
    private static let count = 40_000
    private static let depth = 32
    private static let size = 4_096
    private static let pages = 256

    /// Where the number's read begins: the same for all sides, and not one page after the other.
    private static func position(_ number: Int) -> Int { number &* 97 % pages * size }

    // MARK: The sides

    static func inC() throws -> Double {
        try withDescriptor { descriptor in
            let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
            uv_loop_init(loop)
            let reads = UnsafeMutablePointer<CRead>.allocate(capacity: depth)
            var left = count
            let result = withUnsafeMutablePointer(to: &left) { left in
                cost(of: count) {
                    for index in 0..<depth {
                        reads[index] = CRead(
                            request: uv_fs_t(), left: left, descriptor: descriptor,
                            memory: .allocate(byteCount: size, alignment: 16))
                        reads[index].request.data = UnsafeMutableRawPointer(reads + index)
                        (reads + index).pointee.next(loop)
                    }
                    uv_run(loop, UV_RUN_DEFAULT)
                }
            }
            for index in 0..<depth { reads[index].memory.deallocate() }
            reads.deallocate()
            uv_loop_close(loop)
            loop.deallocate()
            return result
        }
    }

    /// A request that begins the next when it has ended.
    private struct CRead {
        var request: uv_fs_t
        let left: UnsafeMutablePointer<Int>
        let descriptor: Int32
        let memory: UnsafeMutableRawPointer

        mutating func next(_ loop: UnsafeMutablePointer<uv_loop_t>) {
            guard left.pointee > 0 else { return }
            left.pointee -= 1
            var buffer = uv_buf_t(
                base: memory.assumingMemoryBound(to: CChar.self), len: FileReads.size)
            uv_fs_read(
                loop, &request, descriptor, &buffer, 1,
                Int64(FileReads.position(left.pointee))
            ) { request in
                precondition(request!.pointee.result == FileReads.size)
                let read = request!.pointee.data.assumingMemoryBound(to: CRead.self)
                uv_fs_req_cleanup(request)
                read.pointee.next(request!.pointee.loop)
            }
        }
    }

    static func callbacks() throws -> Double {
        try withPath { path in
            let loop = try EventLoop()
            var file: File?
            try loop.files.start(.open(path)) { file = try $0.get() }
            try loop.run()
            let reads = (0..<depth).map { _ in CallbackRead(file!, FileReads.size) }
            let source = Countdown(count)
            let result = try cost(of: count) {
                for read in reads { try read.next(source) }
                try loop.run()
            }
            try loop.files.start(.close(file!)) { try $0.get() }
            try loop.run()
            try loop.close()
            return result
        }
    }

    private final class Countdown {
        var left: Int
        init(_ count: Int) { left = count }

        func next() -> Int? {
            guard left > 0 else { return nil }
            left -= 1
            return left
        }
    }

    private final class CallbackRead {
        private let file: File
        private let memory: UnsafeMutableRawBufferPointer

        init(_ file: File, _ size: Int) {
            self.file = file
            memory = .allocate(byteCount: size, alignment: 16)
        }

        deinit { memory.deallocate() }

        func next(_ source: Countdown) throws {
            guard let number = source.next() else { return }
            try file.loop.files.start(
                .read(file, into: memory, at: FileReads.position(number))
            ) { [self] result in
                let count = try result.get()
                precondition(count == FileReads.size)
                try next(source)
            }
        }
    }

    /// - Parameter isArray: whether each read brings an array of its own.
    static func tasks(isArray: Bool) throws -> Double {
        try withPath { path in
            try EventLoop.run { loop in
                let file = try await loop.files.open(path)
                let start = processCPUTime()
                try await readByTasks(loop, file, count, isArray: isArray)
                let result = (processCPUTime() - start) / Double(count)
                try await file.close()
                return result
            }
        }
    }

    private static func readByTasks(
        _ loop: EventLoop, _ file: File, _ count: Int, isArray: Bool
    ) async throws {
        let source = Countdown(count)
        let readers = (0..<depth).map { _ in
            loop.spawn { _ in
                let memory = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: size, alignment: 16)
                defer { memory.deallocate() }
                while let number = source.next() {
                    let read =
                        isArray
                        ? try await file.read(size, at: position(number)).count
                        : try await file.read(into: memory, at: position(number))
                    precondition(read == size)
                }
            }
        }
        for reader in readers { try await reader.value }
    }

    // MARK: The file

    private static func withPath<R>(_ body: (String) throws -> R) throws -> R {
        var template = Array("uvloop-bench-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        precondition(descriptor >= 0)
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        defer { unlink(path) }
        let bytes = [UInt8](repeating: 7, count: pages * size)
        let written = write(descriptor, bytes, bytes.count)
        precondition(written == bytes.count)
        close(descriptor)
        return try body(path)
    }

    private static func withDescriptor<R>(_ body: (Int32) throws -> R) throws -> R {
        try withPath { path in
            let descriptor = open(path, O_RDONLY)
            precondition(descriptor >= 0)
            defer { close(descriptor) }
            return try body(descriptor)
        }
    }

    // MARK: What is left

    static let soakArgument = "--file-reads"

    /// Opens, reads and closes so often, and says what that has left.
    static func soak(_ count: Int) throws {
        try withPath { path in
            try EventLoop.run { loop in
                func work(_ count: Int) async throws {
                    let file = try await loop.files.open(path)
                    try await readByTasks(loop, file, count / 2, isArray: false)
                    try await readByTasks(loop, file, count - count / 2, isArray: true)
                    try await file.close()
                    for _ in 0..<count / 100 { _ = try await loop.files.read(path) }
                }
                try await work(20_000)
                let (memory, descriptors) = (residentPages(), descriptorCount())
                try await work(count)
                print(
                    "\(count) reads: \((residentPages() - memory) * 4) KiB and",
                    "\(descriptorCount() - descriptors) descriptors more than before")
            }
        }
    }

    private static func descriptorCount() -> Int {
        (0..<4_096).count { fcntl(Int32($0), F_GETFD) >= 0 }
    }

    private static func residentPages() -> Int {
        let file = fopen("/proc/self/statm", "r")!
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 128)
        fgets(&text, 128, file)
        let words = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }.split(
            separator: " ")
        return Int(words[1])!
    }
}
