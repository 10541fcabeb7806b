#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A folder whose files may be fetched, and nothing outside of it.
struct ServedFolder: Sendable {
    /// Without symbolic links.
    private let root: String

    init(_ path: String) throws {
        guard let root = Self.resolved(path) else {
            throw DownloadFailure("\(path): \(String(cString: strerror(errno)))")
        }
        self.root = root
    }

    /// Opens the file that a request names. One that is outside of the folder, hidden, or not
    /// simply a file is not to be found, as one that does not exist.
    func open(_ target: String) throws -> ServedFile {
        let path = target.prefix { $0 != "?" && $0 != "#" }
        guard path.hasPrefix("/"), let decoded = Self.percentDecoded(path) else {
            throw Refusal.badRequest
        }
        // `..` is hidden, too.
        let names = decoded.split(separator: "/")
        guard !names.isEmpty, !names.contains(where: { $0.hasPrefix(".") }) else {
            throw Refusal.notFound
        }
        // A symbolic link may still lead outside.
        guard let file = Self.resolved("\(root)/\(names.joined(separator: "/"))"),
            file.hasPrefix(root == "/" ? "/" : "\(root)/"), let opened = ServedFile(path: file)
        else { throw Refusal.notFound }
        return opened
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Nil if that is no text, or has what no path can have.
    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit),
                let value = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
    }
}

/// A file that is open for reading, and stays so as long as somebody refers to this. UVLoop has no
/// API yet for finding and opening files: that blocks the loop, for as long as the disk takes.
final class ServedFile {
    let size: Int
    let descriptor: Int32

    /// Nil if it cannot be opened, or is a folder, a device or the like.
    init?(path: String) {
        // Or opening a FIFO would wait for somebody who writes to it.
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        var status = stat()
        let isFile =
            descriptor >= 0 && fstat(descriptor, &status) == 0
            && status.st_mode & S_IFMT == S_IFREG
        size = isFile ? Int(status.st_size) : 0
        if !isFile { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}
