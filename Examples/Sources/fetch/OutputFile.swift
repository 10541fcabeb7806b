import UVLoop

/// Where a download goes. A file that it has made, and not finished, is removed; what was there
/// before, be it a file, a FIFO or a device, stays.
struct OutputFile {
    private let files: FileSystem
    private let file: File
    /// Whether the file is there because of this.
    private let isNew: Bool

    /// Standard output for the nil path.
    init(_ path: String?, on loop: EventLoop) async throws {
        files = loop.files
        guard let path else {
            file = try files.adopt(1, name: "standard output")
            isNew = false
            return
        }
        do {
            file = try await files.open(path, [.write, .create, .exclusive], permissions: 0o644)
            isNew = true
        } catch let error as FileError where error.code == .fileExists {
            file = try await files.open(path, [.write, .truncate])
            isNew = false
        }
    }

    func write(_ bytes: [UInt8]) async throws { try await file.write(bytes) }

    /// All is there: the file stays.
    func finish() async throws { try await file.close() }

    /// It did not come to that.
    func discard() async {
        try? await file.close()
        if isNew { try? await files.unlink(file.path) }
    }
}
