import CUV

/// A read by one system call: the work that programs do most on files, so without closures for it.
///
/// Sendable without the compiler's check: as ``PoolJob``.
final class FileReadJob: PoolJob, @unchecked Sendable {
    /// Where the bytes go, and who hears of it.
    enum Target {
        /// Memory of the caller's, who leaves it alone until the end.
        case memory(UnsafeMutableRawBufferPointer, FileOperation<Int>.Completion)
        /// A new array, with room for so many.
        case array(Int, FileOperation<[UInt8]>.Completion)
    }

    private let file: FileCore
    private let position: Int?
    private var target: Target?
    private var count = 0
    private var bytes: [UInt8] = []
    private var failure: UVError?

    private init(_ file: FileCore, _ position: Int?, _ target: Target) {
        self.file = file
        self.position = position
        self.target = target
        super.init(file.loop)
    }

    /// Begins to read.
    ///
    /// - Throws: what ``PoolResource/use(on:)`` does; ``UVError/invalidArgument`` for a negative
    ///   position or count.
    static func start(
        _ file: FileCore, on loop: EventLoop, at position: Int?, _ target: Target
    ) throws(UVError) -> FileReadJob {
        guard position ?? 0 >= 0 else { throw .invalidArgument }
        if case .array(let count, _) = target, count < 0 { throw .invalidArgument }
        try file.use(on: loop)
        let job = FileReadJob(file, position, target)
        do throws(UVError) {
            try job.start()
        } catch {
            file.endUse()
            throw error
        }
        return job
    }

    override func perform() {
        do throws(UVError) {
            switch target {
            case .memory(let memory, _):
                count = try PoolFile.readOnce(file.descriptor, into: memory, at: position)
            case .array(let count, _):
                bytes = try readArray(upTo: count) { memory throws(UVError) in
                    try PoolFile.readOnce(file.descriptor, into: memory, at: position)
                }
            case nil: break
            }
        } catch {
            failure = error
        }
    }

    override func complete(isTakenBack: Bool) {
        file.endUse()
        let failure = isTakenBack ? UVError.canceled : failure
        switch target.take() {
        case .memory(_, let completion): completion(failure.map { .failure($0) } ?? .success(count))
        case .array(_, let completion): completion(failure.map { .failure($0) } ?? .success(bytes))
        case nil: break
        }
    }
}
