/// A key, as far as the bytes tell that it sends.
enum Key: CustomStringConvertible {
    /// One that stands for a character.
    case character(Character)
    /// One that is pressed together with Ctrl, or has the same byte, as Return has that of Ctrl-M.
    case control(Character)
    /// One without a character, such as an arrow: what it sends after an Escape.
    case sequence(String)

    /// The keys that have sent these bytes, which came at once: an Escape with more behind it is
    /// one key then.
    static func all(in bytes: [UInt8]) -> [Key] {
        if bytes.first == 0x1B, bytes.count > 1 {
            return [.sequence(String(decoding: bytes.dropFirst(), as: UTF8.self))]
        }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.map { scalar in
            scalar.value < 32
                ? .control(Character(UnicodeScalar(UInt8(scalar.value) + 64)))
                : .character(Character(scalar))
        }
    }

    /// Whether it ends the program.
    var isEnd: Bool {
        switch self {
        case .character("q"), .control("C"): true
        default: false
        }
    }

    var description: String {
        switch self {
        case .character("\u{7F}"): "Backspace"
        case .character(let character): "\(character)"
        case .control("["): "Escape"
        case .control(let character): "Ctrl-\(character)"
        case .sequence(let text): "Escape \(text)"
        }
    }
}
