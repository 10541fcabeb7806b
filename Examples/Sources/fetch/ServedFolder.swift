import UVLoop

/// A folder whose files may be fetched, and nothing outside of it.
struct ServedFolder: Sendable {
    /// Without symbolic links.
    private let root: String
    private let files: FileSystem

    init(_ path: String, on loop: EventLoop) async throws {
        files = loop.files
        root = try await files.realPath(path)
    }

    /// Opens the file that a request names. One that is outside of the folder, hidden, or not
    /// simply a file is not to be found, as one that does not exist.
    func open(_ target: String) async throws -> ServedFile {
        let path = target.prefix { $0 != "?" && $0 != "#" }
        guard path.hasPrefix("/"), let decoded = Self.percentDecoded(path) else {
            throw Refusal.badRequest
        }
        // `..` is hidden, too.
        let names = decoded.split(separator: "/")
        guard !names.isEmpty, !names.contains(where: { $0.hasPrefix(".") }) else {
            throw Refusal.notFound
        }
        do {
            // A symbolic link may still lead outside.
            let path = try await files.realPath("\(root)/\(names.joined(separator: "/"))")
            guard path.hasPrefix(root == "/" ? "/" : "\(root)/") else { throw Refusal.notFound }
            return try await ServedFile(path, files)
        } catch is FileError {
            throw Refusal.notFound
        }
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

/// A file that is open for reading, and stays so as long as somebody refers to this.
struct ServedFile {
    let file: File
    let size: Int

    /// Refuses what is a folder, a device or the like.
    init(_ path: String, _ files: FileSystem) async throws {
        // Or opening a FIFO would wait for somebody who writes to it.
        file = try await files.open(path, [.read, .nonBlocking, .noFollow])
        let status = try await file.stat()
        guard status.kind == .regular else { throw Refusal.notFound }
        size = status.size
    }
}
