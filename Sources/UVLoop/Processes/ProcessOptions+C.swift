import CUV

extension ProcessOptions {
    /// Lends the C struct that says the same.
    ///
    /// - Parameter childSide: what becomes the child's descriptors, by their numbers there.
    func withC<R>(
        childSide: [uv_stdio_container_t], onExit: @escaping uv_exit_cb,
        _ body: (UnsafePointer<uv_process_options_t>) -> R
    ) -> R {
        let arguments = CStrings(name ?? program, arguments)
        let environment = environment.strings.map { CStrings(nil, $0) }
        defer {
            arguments.free()
            environment?.free()
        }
        var flags: UInt32 = 0
        if isDetached { flags |= UV_PROCESS_DETACHED.rawValue }
        if userID != nil { flags |= UV_PROCESS_SETUID.rawValue }
        if groupID != nil { flags |= UV_PROCESS_SETGID.rawValue }
        return program.withCString { program in
            childSide.withUnsafeBufferPointer { childSide in
                Self.withOptionalCString(directory) { directory in
                    var request = uv_process_options_t()
                    request.exit_cb = onExit
                    request.file = program
                    request.args = arguments.base
                    request.env = environment?.base
                    request.cwd = directory
                    request.flags = flags
                    request.stdio_count = Int32(childSide.count)
                    // libuv writes to none of them.
                    request.stdio = UnsafeMutablePointer(mutating: childSide.baseAddress)
                    request.uid = userID ?? 0
                    request.gid = groupID ?? 0
                    return body(&request)
                }
            }
        }
    }

    private static func withOptionalCString<R>(
        _ text: String?, _ body: (UnsafePointer<CChar>?) -> R
    ) -> R {
        guard let text else { return body(nil) }
        return text.withCString(body)
    }

    /// Throws ``UVError/invalidArgument`` for what cannot be said in C, or would mean something
    /// else there.
    func check() throws(UVError) {
        guard !program.isEmpty, !program.hasNull, !arguments.contains(where: \.hasNull),
            name?.hasNull != true, directory?.hasNull != true, environment.isSound,
            standardInput != .standardOutput, standardOutput != .standardOutput
        else { throw .invalidArgument }
    }
}

extension ProcessEnvironment {
    /// `NAME=value` for each variable; nil for those of this process as they are.
    fileprivate var strings: [String]? {
        switch self {
        case .inherited: return nil
        case .exactly(let variables): return variables.map { "\($0)=\($1)" }
        case .inheriting(let changes):
            // In those that are kept, what is no UTF-8 becomes U+FFFD.
            let kept = Self.current.filter { changes[String($0.prefix { $0 != "=" })] == nil }
            return kept + changes.compactMap { name, value in value.map { "\(name)=\($0)" } }
        }
    }

    /// Binds `uv_os_environ`.
    private static var current: [String] {
        var items: UnsafeMutablePointer<uv_env_item_t>?
        var count: Int32 = 0
        guard uv_os_environ(&items, &count) == 0, let items else { return [] }
        defer { uv_os_free_environ(items, count) }
        return (0..<Int(count)).map {
            "\(String(cString: items[$0].name))=\(String(cString: items[$0].value))"
        }
    }

    fileprivate var isSound: Bool {
        let (names, values): ([String], [String]) =
            switch self {
            case .inherited: ([], [])
            case .exactly(let variables): (Array(variables.keys), Array(variables.values))
            case .inheriting(let changes):
                (Array(changes.keys), changes.values.compactMap(\.self))
            }
        return names.allSatisfy { !$0.isEmpty && !$0.contains("=") && !$0.hasNull }
            && !values.contains(where: \.hasNull)
    }
}

extension String {
    fileprivate var hasNull: Bool { utf8.contains(0) }
}

/// An array of C strings that ends with null, with the strings behind it in the same memory.
private struct CStrings {
    let base: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    init(_ first: String?, _ rest: [String]) {
        let pointers = (rest.count + 2) * MemoryLayout<UnsafeMutablePointer<CChar>?>.stride
        let bytes = rest.reduce(first?.utf8.count ?? 0) { $0 + $1.utf8.count + 1 } + 1
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: pointers + bytes, alignment: MemoryLayout<UnsafeRawPointer>.alignment)
        base = memory.bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: rest.count + 2)
        var next = (memory + pointers).bindMemory(to: CChar.self, capacity: bytes)
        var count = 0
        func append(_ string: String) {
            base[count] = next
            count += 1
            let length = string.utf8.count
            string.withCString { next.initialize(from: $0, count: length + 1) }
            next += length + 1
        }
        if let first { append(first) }
        for string in rest { append(string) }
        base[count] = nil
    }

    func free() { UnsafeMutableRawPointer(base).deallocate() }
}
