/// What is going on at a stream, and what is over. Bits of one byte, so that the hot paths can ask
/// for several of them at once.
struct StreamFlags: OptionSet {
    let rawValue: UInt8

    static let receiving = Self(rawValue: 1)
    static let sending = Self(rawValue: 2)
    /// The memory for bytes is the caller's.
    static let target = Self(rawValue: 4)
    /// The peer has ended its side.
    static let readEnd = Self(rawValue: 8)
    /// A send was cut off: what is to follow it, nobody knows.
    static let cutOff = Self(rawValue: 16)
    /// This side has closed or aborted the stream.
    static let closed = Self(rawValue: 32)
    /// The connection is gone.
    static let gone = Self(rawValue: 64)

    /// All that keeps a task from waiting for bytes.
    static let notToReceive: Self = [.receiving, .readEnd, .closed, .gone]

    /// Whether any of these is set.
    @inline(__always)
    subscript(flags: Self) -> Bool {
        get { !isDisjoint(with: flags) }
        set { self = newValue ? union(flags) : subtracting(flags) }
    }
}

extension StreamCore {
    @inline(__always) var isReceiving: Bool {
        get { flags[.receiving] }
        set { flags[.receiving] = newValue }
    }
    @inline(__always) var isSending: Bool {
        get { flags[.sending] }
        set { flags[.sending] = newValue }
    }
    @inline(__always) var hasTarget: Bool {
        get { flags[.target] }
        set { flags[.target] = newValue }
    }
    @inline(__always) var hasReadEnd: Bool {
        get { flags[.readEnd] }
        set { flags[.readEnd] = newValue }
    }
    @inline(__always) var isCutOff: Bool {
        get { flags[.cutOff] }
        set { flags[.cutOff] = newValue }
    }
    @inline(__always) var isClosed: Bool {
        get { flags[.closed] }
        set { flags[.closed] = newValue }
    }
    @inline(__always) var isGone: Bool {
        get { flags[.gone] }
        set { flags[.gone] = newValue }
    }
}
