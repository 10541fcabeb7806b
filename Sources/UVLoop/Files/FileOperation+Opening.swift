import CUV

extension FileOperation where Value == File {
    /// The operation of ``FileSystem/open(_:_:permissions:file:line:)``. Binds `uv_fs_open`.
    public static func open(
        _ path: String, _ mode: OpenMode = .read, permissions: FilePermissions = 0o666,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Self {
        let place = SourcePlace(file: file, line: line)
        return Self(.open, path, discard: { closeUnused($0) }) { loop, completion throws(UVError) in
            let flags = try mode.flags
            return try FileRequest.start(loop) {
                uv_fs_open($0, $1, path, flags, Int32(permissions.rawValue), $2)
            } _: { result, _ in
                completion(
                    result.map { File(FileCore(loop, path, Int32($0), openedAt: place)) })
            }
        }
    }

    /// The operation of ``FileSystem/makeTemporaryFile(in:prefix:file:line:)``. Binds
    /// `uv_fs_mkstemp`.
    public static func makeTemporaryFile(
        in directory: String? = nil, prefix: String = "uvloop-",
        file: StaticString = #fileID, line: UInt = #line
    ) -> Self {
        let template = temporaryTemplate(in: directory, prefix)
        let place = SourcePlace(file: file, line: line)
        return Self(.makeTemporaryFile, template, discard: { closeUnused($0) }) {
            uv_fs_mkstemp($0, $1, template, $2)
        } value: { loop, descriptor, request in
            let path = String(cString: request.pointee.path)
            return File(FileCore(loop, path, Int32(descriptor), openedAt: place))
        }
    }

    /// Closes what nobody has got; there is nothing to report.
    private static func closeUnused(_ file: File) { file.core.close { _ in } }
}

extension FileOperation where Value == String {
    /// The operation of ``FileSystem/makeTemporaryDirectory(in:prefix:)``. Binds `uv_fs_mkdtemp`.
    public static func makeTemporaryDirectory(
        in directory: String? = nil, prefix: String = "uvloop-"
    ) -> Self {
        let template = temporaryTemplate(in: directory, prefix)
        return Self(
            .makeTemporaryDirectory, template,
            // It is empty. Nobody can have it, so this is soon done.
            discard: { path in _ = try? callInPool { uv_fs_rmdir(nil, $0, path, nil) } }
        ) {
            uv_fs_mkdtemp($0, $1, template, $2)
        } value: { _, _, request in
            String(cString: request.pointee.path)
        }
    }
}

/// The path whose last six characters the system replaces. Binds `uv_os_tmpdir`.
private func temporaryTemplate(in directory: String?, _ prefix: String) -> String {
    "\(directory ?? temporaryDirectory())/\(prefix)XXXXXX"
}

private func temporaryDirectory() -> String {
    var size = 4_096
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
        uv_os_tmpdir(buffer.baseAddress, &size) == 0
            ? String(cString: buffer.baseAddress.unsafelyUnwrapped) : "."
    }
}

extension FileSystem {
    // MARK: Opening

    /// Opens a file.
    ///
    /// Binds `uv_fs_open`.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - mode: how; to read what is there, if nothing else is said.
    ///   - permissions: those of a file that this makes, less those that the process's mask takes.
    /// - Throws: ``FileError``, such as with ``UVError/noSuchFileOrDirectory``,
    ///   ``UVError/permissionDenied``, ``UVError/tooManyOpenFiles``; with
    ///   ``UVError/invalidArgument`` for a mode with neither ``OpenMode/read`` nor
    ///   ``OpenMode/write``. A directory can be opened to be read, but reading it fails with
    ///   ``UVError/isDirectory``.
    public nonisolated(nonsending) func open(
        _ path: String, _ mode: OpenMode = .read, permissions: FilePermissions = 0o666,
        file: StaticString = #fileID, line: UInt = #line
    ) async throws -> File {
        try await run(.open(path, mode, permissions: permissions, file: file, line: line))
    }

    /// Opens a file for a closure, and closes it on every way out.
    ///
    /// - Throws: what opening throws, what `body` throws, and what closing throws if `body` does
    ///   not.
    public nonisolated(nonsending) func withFile<R>(
        _ path: String, _ mode: OpenMode = .read, permissions: FilePermissions = 0o666,
        file: StaticString = #fileID, line: UInt = #line,
        _ body: nonisolated(nonsending) (File) async throws -> R
    ) async throws -> R {
        let file = try await open(path, mode, permissions: permissions, file: file, line: line)
        let result: R
        do {
            result = try await body(file)
        } catch {
            try? await file.close()
            throw error
        }
        try await file.close()
        return result
    }

    /// Takes a descriptor that is open already: it is the file's from now on, also if this throws.
    ///
    /// - Parameters:
    ///   - descriptor: of a file; for sockets and pipes there are streams.
    ///   - name: what errors call it.
    /// - Throws: ``FileError`` with ``UVError/badFileDescriptor`` if it is not open.
    public func adopt(
        _ descriptor: Int32, name: String? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) throws(FileError) -> File {
        let name = name ?? "descriptor \(descriptor)"
        guard cuv_access_mode(descriptor) >= 0 else {
            throw FileError(.open, name, .badFileDescriptor)
        }
        return File(
            FileCore(loop, name, descriptor, openedAt: SourcePlace(file: file, line: line)))
    }

    /// Makes a file with a new name and opens it for reading and writing, for its owner only. To
    /// remove it is up to you: ``File/path``.
    ///
    /// Binds `uv_fs_mkstemp`.
    ///
    /// - Parameters:
    ///   - directory: where; nil for the system's place for such things (`uv_os_tmpdir`).
    ///   - prefix: what the name begins with.
    public nonisolated(nonsending) func makeTemporaryFile(
        in directory: String? = nil, prefix: String = "uvloop-",
        file: StaticString = #fileID, line: UInt = #line
    ) async throws -> File {
        try await run(
            .makeTemporaryFile(in: directory, prefix: prefix, file: file, line: line))
    }

    /// Makes a directory with a new name, for its owner only, and returns its path. To remove it is
    /// up to you; see ``withTemporaryDirectory(in:prefix:_:)``.
    ///
    /// Binds `uv_fs_mkdtemp`.
    public nonisolated(nonsending) func makeTemporaryDirectory(
        in directory: String? = nil, prefix: String = "uvloop-"
    ) async throws -> String {
        try await run(.makeTemporaryDirectory(in: directory, prefix: prefix))
    }

    /// Makes a directory for a closure, and removes it with all that is in it on every way out.
    public nonisolated(nonsending) func withTemporaryDirectory<R>(
        in directory: String? = nil, prefix: String = "uvloop-",
        _ body: nonisolated(nonsending) (String) async throws -> R
    ) async throws -> R {
        let path = try await makeTemporaryDirectory(in: directory, prefix: prefix)
        let result: R
        do {
            result = try await body(path)
        } catch {
            removeUnheard(path)
            throw error
        }
        do {
            try await removeDirectory(path, recursively: true)
        } catch is CancellationError {
            removeUnheard(path)
        }
        return result
    }

    /// Removes a directory for a task that may be cancelled, and so does not wait for it.
    private func removeUnheard(_ path: String) {
        try? loop.execute { loop in
            try loop.files.start(.removeDirectory(path, recursively: true)) { _ in }
        }
    }
}
