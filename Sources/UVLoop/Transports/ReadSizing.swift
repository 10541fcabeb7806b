/// How much a transport asks the system for at a time, where the memory is the loop's.
///
/// 64 KiB stay in the processor's cache, and for bytes that come on and on more is slower. But a
/// message that is a little longer takes two reads then, and is handed on in two pieces. So who
/// gets messages between the two sizes is given the larger one.
///
/// One byte, because every connection has it.
enum ReadSizing: UInt8 {
    static let smallSize = 65_536
    static let largeSize = 4 * smallSize

    // The smaller size, after so many reads in a row that have filled it.
    case notFull, onceFull, twiceFull, thriceFull, oftenFull
    // The larger size, for one more small read only, or for two.
    case onceMoreLarge, large
    /// The smaller size for good.
    case fixed

    init() { self = .notFull }

    /// Whether the next read gets the larger size.
    @inline(__always) var isLarge: Bool { self == .large || self == .onceMoreLarge }

    /// Learns from a read.
    @inline(__always)
    mutating func note(_ count: Int) {
        if count >= Self.smallSize || self != .notFull { learn(count) }
    }

    @inline(never)
    private mutating func learn(_ count: Int) {
        switch self {
        case .fixed: break
        case .large, .onceMoreLarge:
            if count >= Self.largeSize {
                // It goes on and on, and may have rested when it looked like a message.
                self = .fixed
            } else if count >= Self.smallSize {
                self = .large
            } else {
                self = self == .large ? .onceMoreLarge : .notFull
            }
        case .notFull: self = count >= Self.smallSize ? .onceFull : .notFull
        case .onceFull: self = count >= Self.smallSize ? .twiceFull : .large
        case .twiceFull: self = count >= Self.smallSize ? .thriceFull : .large
        case .thriceFull: self = count >= Self.smallSize ? .oftenFull : .large
        case .oftenFull: self = count >= Self.smallSize ? .oftenFull : .notFull
        }
    }
}
