#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where a download goes. A file that was begun and not finished is removed.
final class OutputFile {
    /// Standard output.
    static var standard: OutputFile { OutputFile(STDOUT_FILENO, path: nil) }

    private let descriptor: Int32
    private let path: String?
    private var isFinished = false

    private init(_ descriptor: Int32, path: String?) {
        self.descriptor = descriptor
        self.path = path
    }

    convenience init(path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("open \(path)") }
        self.init(descriptor, path: path)
    }

    deinit {
        guard let path, !isFinished else { return }
        close(descriptor)
        unlink(path)
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("write") }
            rest = rest.dropFirst(count)
        }
    }

    /// All is there: the file stays.
    func finish() throws {
        guard path != nil else { return }
        guard close(descriptor) == 0 else { throw Self.failure("close") }
        isFinished = true
    }

    private static func failure(_ what: String) -> DownloadFailure {
        DownloadFailure("\(what): \(String(cString: strerror(errno)))")
    }
}

/// The C function, which the method of that name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
