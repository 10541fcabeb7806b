import CUV

/// The text that a function of libuv writes into a buffer whose size it is told, asked again with
/// more room if that is too small.
func text(
    _ fill: (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int>) -> Int32
) throws(UVError) -> String {
    var capacity = 256
    while true {
        var size = capacity
        var text: String?
        let result = withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            buffer.initialize(repeating: 0)
            let result = fill(buffer.baseAddress!, &size)
            if result >= 0 { text = String(cString: buffer.baseAddress!) }
            return result
        }
        if let text { return text }
        guard result == UVError.noBufferSpace.rawValue, capacity < 1 << 24 else {
            throw UVError(rawValue: result)
        }
        // It says how much it needs, but another thread may write something longer meanwhile.
        capacity = max(capacity * 2, size + 1)
    }
}

extension String {
    /// The text in an array of a C struct, up to its end or a zero byte.
    init<Characters>(copying characters: Characters) {
        self = Swift.withUnsafeBytes(of: characters) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// The text at a pointer of a C struct; empty if there is none.
    init(copying pointer: UnsafeMutablePointer<CChar>?) {
        self = pointer.map { String(cString: $0) } ?? ""
    }
}

/// What C would cut at a zero byte.
func checkNoZero(_ texts: String...) throws(UVError) {
    for text in texts where text.utf8.contains(0) { throw .invalidArgument }
}
