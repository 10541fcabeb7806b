/// What a stream has read while nobody waited for it. There is none as long as somebody always
/// does.
final class ReadAhead {
    static let standardLimit = 65_536
    /// For what is taken before a long message, such as its length.
    private static let headRoom = 4_096
    /// From this length on what goes before a message is read by itself.
    private static let longLength = 8 * standardLimit

    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.
    @exclusivity(unchecked) var buffer = ReceiveBuffer(limit: standardLimit)
    /// Whether more memory than usual was needed since the last look.
    @exclusivity(unchecked) var wasLarge = false
    /// How many bytes the last wait of more than usual was for.
    @exclusivity(unchecked) private var lastLength = 0
    /// Whether reading rests because the buffer is full.
    @exclusivity(unchecked) var isFull = false

    /// Whether the loop's memory may serve the next read. Not while there is more memory than usual
    /// here: then a long message is expected, and its first part would have to be copied to the
    /// rest. Unless that could not stay here, because a little goes before it.
    var leavesReading: Bool {
        guard buffer.isEmpty, buffer.capacity > Self.standardLimit else { return buffer.isEmpty }
        return buffer.capacity - Self.headRoom < lastLength && buffer.capacity > buffer.limit / 2
    }

    /// Whether the next read is for no more than the few bytes that are waited for: they are what
    /// comes before the next of messages that take several reads anyway. The message then comes in
    /// reads of its own, which is less work for the system than if the first brought both. Not for
    /// one byte: who waits for that takes what comes.
    func readsHeadAlone(_ needed: Int) -> Bool {
        needed > 1 && needed <= Self.headRoom && lastLength >= Self.longLength && buffer.isEmpty
            && buffer.capacity > Self.standardLimit
    }

    /// Gives back what is not needed, before a wait for so many bytes. A small buffer is cheap to
    /// get again; a large one is kept as long as it is used between two waits.
    ///
    /// - Returns: whether nothing is left that is worth keeping.
    func shrink(before count: Int) -> Bool {
        if count > Self.standardLimit {
            wasLarge = true
            lastLength = count
            return false
        }
        guard buffer.isEmpty else { return false }
        if !wasLarge { buffer.releaseMemoryIfEmpty() }
        wasLarge = false
        return buffer.capacity == 0 && buffer.limit == Self.standardLimit
    }
}
