#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where a download goes. A file that it has made, and not finished, is removed; what was there
/// before, be it a file, a FIFO or a device, stays.
final class OutputFile {
    /// Standard output.
    static var standard: OutputFile { OutputFile(STDOUT_FILENO, unfinishedPath: nil) }

    private let descriptor: Int32
    /// What is to be removed unless all comes.
    private var unfinishedPath: String?
    private var isClosed = false

    private init(_ descriptor: Int32, unfinishedPath: String?) {
        self.descriptor = descriptor
        self.unfinishedPath = unfinishedPath
    }

    convenience init(path: String) throws {
        var unfinishedPath: String? = path
        var descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if descriptor < 0, errno == EEXIST {
            unfinishedPath = nil
            descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw Self.failure("open \(path)") }
        self.init(descriptor, unfinishedPath: unfinishedPath)
    }

    deinit {
        if descriptor != STDOUT_FILENO, !isClosed { close(descriptor) }
        if let unfinishedPath { unlink(unfinishedPath) }
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
        guard descriptor != STDOUT_FILENO else { return }
        isClosed = true
        guard close(descriptor) == 0 else { throw Self.failure("close") }
        unfinishedPath = nil
    }

    private static func failure(_ what: String) -> DownloadFailure {
        DownloadFailure("\(what): \(String(cString: strerror(errno)))")
    }
}

/// The C function, which the method of that name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
