import CUV

extension ProcessOptions {
    /// Lends the C struct that says the same.
    ///
    /// - Parameter descriptors: the descriptor of this process that becomes that of the child, by
    ///   its number there; -1 for nothing.
    func withC<R>(
        descriptors: [Int32], onExit: @escaping uv_exit_cb,
        _ body: (UnsafePointer<uv_process_options_t>) -> R
    ) -> R {
        let arguments = CStrings(name ?? program, arguments)
        let environment = environment.strings.map { CStrings(nil, $0) }
        defer {
            arguments.free()
            environment?.free()
        }
        var containers = descriptors.map { descriptor in
            var container = uv_stdio_container_t()
            container.flags = descriptor < 0 ? UV_IGNORE : UV_INHERIT_FD
            container.data.fd = descriptor
            return container
        }
        var flags: UInt32 = 0
        if isDetached { flags |= UV_PROCESS_DETACHED.rawValue }
        if userID != nil { flags |= UV_PROCESS_SETUID.rawValue }
        if groupID != nil { flags |= UV_PROCESS_SETGID.rawValue }
        return program.withCString { program in
            containers.withUnsafeMutableBufferPointer { containers in
                Self.withOptionalCString(directory) { directory in
                    var request = uv_process_options_t()
                    request.exit_cb = onExit
                    request.file = program
                    request.args = arguments.base
                    request.env = environment?.base
                    request.cwd = directory
                    request.flags = flags
                    request.stdio_count = Int32(containers.count)
                    request.stdio = containers.baseAddress
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

/// An array of C strings that ends with null.
private struct CStrings {
    let base: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    init(_ first: String?, _ rest: [String]) {
        base = .allocate(capacity: rest.count + 2)
        var count = 0
        func append(_ string: String) {
            base[count] = strdup(string)
            count += 1
        }
        if let first { append(first) }
        for string in rest { append(string) }
        base[count] = nil
    }

    func free() {
        var next = base
        while let string = next.pointee {
            CUV.free(string)
            next += 1
        }
        base.deallocate()
    }
}
