/// The life of a connection, as a value without sockets: each event changes it and says what is to
/// be done.
///
///     open → flushing → draining → closed
///      └────────┴─────────┴──────────┘ abort or error, from anywhere
///
/// *Flushing*: closed by the user, bytes are still queued. *Draining*: all is sent and the writing
/// side is shut down. In both the peer's input is read and dropped, when draining until it ends or
/// a deadline comes, so that no reset overtakes the bytes that were sent. Besides, each direction
/// can end by itself; and of a pipe, one is never there.
struct ConnectionState: Equatable {
    enum Phase: UInt8 { case open, flushing, draining, closed }
    enum Writing: UInt8 {
        case open
        /// End of file is to follow what is queued.
        case ending
        /// The shutdown is under way.
        case shuttingDown
        case ended
        /// There never was this direction.
        case never
    }
    enum Reading {
        case open
        /// The peer has sent its last byte.
        case ended
        /// There never was this direction.
        case never
    }

    /// Which directions there are from the beginning.
    enum Directions { case both, receiving, sending }

    /// What the transport does next.
    enum Action: Equatable {
        case nothing
        /// Tell the protocol, then give its answer to ``endOfFileAnswered(keepOpen:)``.
        case reportEndOfFile
        /// Send what is queued; ``flushed()`` follows once nothing is.
        case flush
        /// Shut the writing side down; ``shutDownEnded()`` follows.
        case shutDown
        /// Read and drop until the peer's end or a deadline.
        case drain
        /// Close the socket: nothing is left to be done.
        case finish
    }

    private(set) var phase = Phase.open
    private(set) var writing: Writing
    private(set) var reading: Reading
    /// Set by the user.
    var isReadingPaused = false
    /// Between `pauseWriting` and `resumeWriting`.
    var isWritingPaused = false

    init(_ directions: Directions = .both) {
        writing = directions == .receiving ? .never : .open
        reading = directions == .sending ? .never : .open
    }

    // MARK: Questions
    //
    // Those that are asked for every byte are always compiled into the callers: left to itself, the
    // compiler does that to some and not to others.

    /// Whether nothing comes any more, or ever came.
    @inline(__always)
    var hasReadEnd: Bool { reading != .open }
    private var hasWriteEnded: Bool { writing == .ended || writing == .never }
    /// Whether bytes that arrive are the protocol's.
    @inline(__always)
    var delivers: Bool { phase == .open && !hasReadEnd }
    /// Whether the socket is to be read, be it for the protocol or to drop what comes.
    @inline(__always)
    var wantsReading: Bool {
        // While flushing, too, or a peer that writes before it reads would wait for ever.
        !hasReadEnd
            && (phase == .open ? !isReadingPaused : phase == .flushing || phase == .draining)
    }
    @inline(__always)
    var canWrite: Bool { phase == .open && writing == .open }
    /// Why not, if it cannot.
    var refusalToWrite: UVError {
        if writing == .never { return .notSupported }
        return phase == .open ? .shutDown : .notConnected
    }
    /// Whether the user has ended the connection.
    var isClosing: Bool { phase != .open }

    // MARK: Events

    /// The user closes gracefully.
    mutating func close() -> Action {
        switch phase {
        case .open:
            phase = .flushing
            switch writing {
            case .open:
                writing = .ending
                return .flush
            case .ending: return .flush
            case .shuttingDown: return .nothing
            case .ended: return drainOrFinish()
            case .never:
                // What the peer sends can destroy nothing of ours.
                phase = .closed
                return .finish
            }
        case .flushing, .draining, .closed: return .nothing
        }
    }

    /// The user ends the writing side.
    mutating func endWriting() -> Action {
        guard phase == .open, writing == .open else { return .nothing }
        writing = .ending
        return .flush
    }

    /// All that was queued has been taken by the system.
    mutating func flushed() -> Action {
        guard phase == .open || phase == .flushing, writing == .ending else { return .nothing }
        // With both ends of the stream reached, closing says the same as shutting down would. A
        // pipe knows no other way.
        if phase == .flushing && hasReadEnd || reading == .never {
            (phase, writing) = (.closed, .ended)
            return .finish
        }
        writing = .shuttingDown
        return .shutDown
    }

    mutating func shutDownEnded() -> Action {
        guard phase != .closed, writing == .shuttingDown else { return .nothing }
        writing = .ended
        if phase == .flushing { return drainOrFinish() }
        return finishIfBothEnded()
    }

    /// Whether a failure to write leaves a direction that can be read.
    var canFailWriting: Bool { phase == .open && !hasReadEnd }

    /// Nothing can be written any more; reading goes on.
    mutating func writingFailed() -> Action {
        guard canFailWriting else { return .nothing }
        writing = .ended
        return .nothing
    }

    /// The peer sends no more.
    mutating func endOfFile() -> Action {
        guard !hasReadEnd, phase != .closed else { return .nothing }
        reading = .ended
        switch phase {
        case .open: return .reportEndOfFile
        case .draining:
            phase = .closed
            return .finish
        case .flushing, .closed: return .nothing
        }
    }

    /// What the protocol said about the end of file.
    mutating func endOfFileAnswered(keepOpen: Bool) -> Action {
        guard phase == .open else { return .nothing }
        return keepOpen ? finishIfBothEnded() : close()
    }

    /// The user aborts, the connection fails, or the deadline for draining is over. False if it was
    /// closed already.
    mutating func abort() -> Bool {
        guard phase != .closed else { return false }
        phase = .closed
        return true
    }

    private mutating func drainOrFinish() -> Action {
        phase = hasReadEnd ? .closed : .draining
        return hasReadEnd ? .finish : .drain
    }

    private mutating func finishIfBothEnded() -> Action {
        guard hasReadEnd, hasWriteEnded else { return .nothing }
        phase = .closed
        return .finish
    }
}
