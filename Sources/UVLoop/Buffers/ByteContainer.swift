/// Something that can lend its bytes as one contiguous piece of memory: what can be written.
///
/// Arrays of bytes, slices of them, strings, static strings and raw buffers are. So is any type of
/// yours with this method; Foundation's `Data` has it already:
///
/// ```swift
/// extension Data: @retroactive ByteContainer {}
/// ```
public protocol ByteContainer {
    /// Calls `body` with the bytes, which are valid during the call.
    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
}

extension Array: ByteContainer where Element == UInt8 {}
extension ArraySlice: ByteContainer where Element == UInt8 {}
extension ContiguousArray: ByteContainer where Element == UInt8 {}

extension UnsafeRawBufferPointer: ByteContainer {
    /// The buffer itself.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(self)
    }
}

extension UnsafeMutableRawBufferPointer: ByteContainer {
    /// The buffer itself.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(self))
    }
}

extension String: ByteContainer {
    /// The string as UTF-8.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try utf8.withContiguousBytes(body)
    }
}

extension Substring: ByteContainer {
    /// The string as UTF-8.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try utf8.withContiguousBytes(body)
    }
}

extension StaticString: ByteContainer {
    /// The string as UTF-8.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        // A string of one scalar has no memory to point to.
        guard hasPointerRepresentation else { return try description.withUnsafeBytes(body) }
        return try body(UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount))
    }
}

extension Collection<UInt8> {
    /// The bytes in one piece of memory: where they are, or in a copy if they are scattered.
    func withContiguousBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        if let result = try withContiguousStorageIfAvailable({
            try body(UnsafeRawBufferPointer($0))
        }) {
            return result
        }
        return try Array(self).withUnsafeBytes(body)
    }
}

extension Array<UInt8> {
    /// A copy of the bytes of a span, such as the one that a protocol is handed.
    public init(_ span: RawSpan) {
        self = span.withUnsafeBytes { [UInt8]($0) }
    }
}
