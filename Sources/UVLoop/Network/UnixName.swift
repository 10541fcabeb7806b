import CUV

/// The name of a Unix-domain socket: a path, a name in Linux's abstract namespace, or none.
struct UnixName: Hashable, Sendable {
    /// Where a socket address has its name.
    private static let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
    /// How long a name may be, its zero byte not counted: that follows a path and comes before an
    /// abstract name.
    static let longest = MemoryLayout<sockaddr_un>.size - offset - 1

    /// No name: that of a socket which was never bound, as a client's or one of a pair.
    static let unnamed = UnixName(bytes: [])

    /// A path without a zero byte, or an abstract name after one.
    private let bytes: [UInt8]

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// A path, or after a zero byte an abstract name.
    ///
    /// - Throws: ``UVError/nameTooLong``; ``UVError/invalidArgument`` for an empty name or another
    ///   zero byte; ``UVError/notSupported`` for an abstract name elsewhere than on Linux.
    init(_ name: String) throws(UVError) {
        bytes = Array(name.utf8)
        let rest = isAbstract ? bytes.dropFirst() : bytes[...]
        guard !rest.isEmpty, !rest.contains(0) else { throw .invalidArgument }
        guard rest.count <= Self.longest else { throw .nameTooLong }
        #if !os(Linux)
        if isAbstract { throw .notSupported }
        #endif
    }

    /// What a system call filled in.
    init(copying address: UnsafeRawBufferPointer) {
        let name = address.dropFirst(Self.offset)
        #if os(Linux)
        // An abstract name is as long as the address says, whatever is in it.
        bytes = Array(name.first == 0 ? name : name.prefix { $0 != 0 })
        #else
        bytes = Array(name.prefix { $0 != 0 })
        #endif
    }

    var isUnnamed: Bool { bytes.isEmpty }
    var isAbstract: Bool { bytes.first == 0 }

    /// What ``init(_:)`` takes; empty for none.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Calls `body` with the path as C takes it; nil if there is none.
    func withPath<R>(_ body: (UnsafePointer<CChar>) -> R) -> R? {
        guard !isUnnamed, !isAbstract else { return nil }
        return (bytes + [0]).withUnsafeBytes {
            body($0.assumingMemoryBound(to: CChar.self).baseAddress!)
        }
    }

    /// Calls `body` with the name as an address for socket calls.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let end = Self.offset + bytes.count
        return withUnsafeMutableBytes(of: &address) { address in
            UnsafeMutableRawBufferPointer(rebasing: address[Self.offset..<end])
                .copyBytes(from: bytes)
            // A zero byte ends a path, unless the system has let one in that leaves no room for it.
            let length = isUnnamed || isAbstract ? end : min(end + 1, address.count)
            return body(
                address.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t(length))
        }
    }
}

extension UnixName: CustomStringConvertible {
    /// The path; `@name` for an abstract name, as other programs print it; `(unnamed)` for none.
    var description: String {
        if isUnnamed { return "(unnamed)" }
        guard isAbstract else { return text }
        return String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: "@") : $0 }, as: UTF8.self)
    }
}
