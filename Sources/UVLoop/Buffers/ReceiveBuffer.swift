import CUV

/// Bytes that came and wait to be taken, in one piece: filled at the tail, taken from the front.
///
/// What a ``BufferedProtocol`` that parses hands out as its memory: ``reserve(_:)`` gives room for
/// the next read, ``commit(_:)`` says how much of it was filled, and the parser looks at what is
/// there with ``withUnsafeBytes(_:)`` or ``firstIndex(of:from:)-(UInt8,_)`` and takes it with
/// ``removeFirst(_:)``. Nothing is copied on that way but what has to be moved to stay in one
/// piece, and nothing is ever zeroed.
///
/// Taking from the front takes constant time, however much is left, and all the moving together is
/// linear in the bytes that come. No memory is taken before the first use. It doubles, up to the
/// ``limit``, when the bytes reach its end: connections on which little comes stay small. Memory
/// beyond the limit is given back when the buffer runs empty; the rest serves the next bytes,
/// unless ``releaseMemoryIfEmpty()`` gives it back.
///
/// Misuse, such as to remove more than there is, stops the program, in release builds too.
public struct ReceiveBuffer: ~Copyable {
    // The memory is one block: its capacity, then, from `memory` on, so many bytes. Always
    //
    //     0 ≤ start ≤ end ≤ roomEnd ≤ capacity
    //
    // `start..<end` is what is there, `end..<roomEnd` is reserved and not committed yet. That the
    // capacity stands in the block keeps the struct at five words.
    //
    // Why all the moving together is linear in the bytes put in, while the limit stays. A move goes
    // to the front of the same block or of another; `start` is 0 after it, and so counts what has
    // been removed since.
    //
    // - A slide moves at most `start` bytes: every byte that is removed pays for one that is moved.
    // - A move of c bytes to a larger block finds C' ≥ 2c bytes there, but for the one by which
    //   the memory reaches the limit. The next such move needs a tail shorter than its `minimum`,
    //   so since then C' - c - minimum bytes have been put in; for a `minimum` of up to C' / 4
    //   these are C' / 4, and pay for the C' at most that it moves. A larger `minimum` pays by
    //   being filled; if it is not, it has cost one move, until twice as much is asked for or as
    //   much as it moved has been removed.
    // - The move by which the memory reaches the limit, and the next after it, are due once until
    //   there is no memory again, and move bytes put in since there was none.
    // - A move to a smaller block, which is one of `limit` bytes, and the next after it, move no
    //   more than that each, and come after more than that has been removed.
    //
    // Twice the limit is always enough for what is within the limit: when the tail of so large a
    // block is used up, at least as much has been removed as is left.

    @usableFromInline var memory: UnsafeMutableRawPointer?
    @usableFromInline var start = 0
    @usableFromInline var end = 0
    @usableFromInline var roomEnd = 0

    /// The most bytes that it holds, unless a ``reserve(_:)`` or an `append` demands more.
    ///
    /// The memory is at most twice that, or twice what was demanded. Lowering the limit drops
    /// nothing. A negative one stops the program.
    public var limit: Int {
        didSet {
            Self.check(limit >= 0, "a limit is not negative")
            if isEmpty { removeExcess() }
        }
    }

    /// An empty buffer that takes no memory yet.
    ///
    /// A limit of twice the largest piece that has to lie in one keeps the memory within the limit.
    public init(limit: Int = 65_536) {
        Self.check(limit >= 0, "a limit is not negative")
        self.limit = limit
    }

    deinit { Self.free(memory) }

    /// How many bytes are there to be taken.
    @inlinable public var count: Int { end - start }

    /// Whether no byte is there.
    @inlinable public var isEmpty: Bool { start == end }

    /// How many bytes still fit below the limit.
    @inlinable public var freeCount: Int { max(0, limit - count) }

    /// Whether as many bytes are there as the limit allows: time to pause reading.
    @inlinable public var isFull: Bool { count >= limit }

    /// How many bytes the memory holds that is taken now.
    public var capacity: Int {
        memory.map { ($0 - Self.headerSize).load(as: Int.self) } ?? 0
    }
}

// MARK: - Putting in

extension ReceiveBuffer {
    /// Room behind the last byte, for at least `minimum` bytes, not initialised.
    ///
    /// It ends where the limit does, if `minimum` allows: a read needs room for a byte at least, so
    /// ask ``isFull`` first. May move the bytes that are there. The room is valid until the next
    /// mutating call, ``commit(_:)`` excepted. For a `minimum` of 0 it may be empty.
    public mutating func reserve(_ minimum: Int) -> UnsafeMutableRawBufferPointer {
        Self.check(minimum >= 0, "a room is not negative")
        makeRoom(minimum)
        roomEnd = end + max(minimum, min(capacity - end, limit - count))
        return UnsafeMutableRawBufferPointer(
            start: memory.map { $0 + end }, count: roomEnd - end)
    }

    /// The first `count` bytes of the last reserved room have been filled. What is left of the
    /// room can be filled and committed next.
    @inlinable
    public mutating func commit(_ count: Int) {
        Self.check(0 <= count && count <= roomEnd - end, "more was committed than was reserved")
        end += count
    }

    /// Puts a copy of the bytes at the end, also beyond the limit.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count).copyMemory(from: bytes)
        commit(bytes.count)
    }

    /// Puts a copy of the bytes at the end, also beyond the limit.
    public mutating func append(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Sees to it that `minimum` bytes fit behind the last one.
    private mutating func makeRoom(_ minimum: Int) {
        let capacity = capacity
        let (needed, tail) = (count + minimum, capacity - end)
        let isPaid = count <= start
        if isPaid, needed <= limit, start > limit, capacity / 2 > limit {
            // What was demanded beyond the limit has come and gone.
            move(toBlockOf: limit)
        } else if isPaid, needed <= capacity, tail > 0 || capacity >= limit {
            // Also if the tail would do: short tails make for short reads.
            if isEmpty || tail < max(minimum, min(capacity, limit) / 2) { slide() }
        } else if tail < minimum {
            // Also if a slide would do, below the limit: what reads fill to the end is too small.
            let bound = capacity < limit ? limit : 2 * max(limit, needed)
            move(toBlockOf: max(needed, min(max(Self.firstCapacity, 2 * capacity), bound)))
        }
    }

    /// Moves the bytes to the front of their block.
    private mutating func slide() {
        guard start > 0, let memory else { return }
        memory.copyMemory(from: memory + start, byteCount: count)
        (start, end) = (0, count)
    }

    /// Moves the bytes to the front of a new block.
    private mutating func move(toBlockOf capacity: Int) {
        let old = memory
        let new = Self.block(of: capacity)
        if let old { new.copyMemory(from: old + start, byteCount: count) }
        Self.free(old)
        memory = new
        (start, end) = (0, count)
    }
}

// MARK: - Taking out

extension ReceiveBuffer {
    /// Removes bytes from the front, in constant time.
    @inlinable
    public mutating func removeFirst(_ count: Int) {
        Self.check(0 <= count && count <= self.count, "more was removed than is there")
        start += count
        roomEnd = end
        if isEmpty { removeExcess() }
    }

    /// Removes bytes from the front and returns them.
    public mutating func take(_ count: Int) -> [UInt8] {
        Self.check(0 <= count && count <= self.count, "more was taken than is there")
        let bytes = withUnsafeBytes { [UInt8](UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        removeFirst(count)
        return bytes
    }

    /// Removes all bytes and returns them.
    public mutating func takeAll() -> [UInt8] { take(count) }

    /// Removes all bytes.
    public mutating func removeAll() { removeFirst(count) }
}

// MARK: - Looking

extension ReceiveBuffer {
    /// Calls `body` with the bytes, in place; they are valid during the call.
    @inlinable
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(
            UnsafeRawBufferPointer(start: memory.map { UnsafeRawPointer($0 + start) }, count: count)
        )
    }

    /// Calls `body` with the bytes, in place, as a span.
    @inlinable
    public func withBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
        try withUnsafeBytes { try body($0.bytes) }
    }
}

// MARK: - Memory

extension ReceiveBuffer {
    /// What is taken first, if the limit allows and no more is asked for.
    private static var firstCapacity: Int { 4_096 }
    /// What lies before the bytes: their number, in a piece that keeps them aligned.
    private static var headerSize: Int { 16 }

    /// Gives the memory back if no byte is there: for connections that rest.
    public mutating func releaseMemoryIfEmpty() {
        if isEmpty { removeMemory() }
    }

    /// Gives back the memory that holds no bytes: all of it, or what is beyond them, for which they
    /// are copied. To be called once when a connection begins to rest, not after every read.
    public mutating func shrink() {
        if isEmpty {
            removeMemory()
        } else if count < capacity {
            move(toBlockOf: count)
        }
        roomEnd = end
    }

    /// Gives the memory back if it is more than the limit, now that it is empty.
    @usableFromInline mutating func removeExcess() {
        if capacity > limit { removeMemory() }
    }

    private mutating func removeMemory() {
        Self.free(memory)
        memory = nil
        (start, end, roomEnd) = (0, 0, 0)
    }

    private static func block(of capacity: Int) -> UnsafeMutableRawPointer {
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: headerSize + capacity, alignment: headerSize)
        block.storeBytes(of: capacity, as: Int.self)
        return block + headerSize
    }

    private static func free(_ memory: UnsafeMutableRawPointer?) {
        if let memory { (memory - headerSize).deallocate() }
    }

    @inlinable
    static func check(_ condition: Bool, _ message: StaticString) {
        if !condition { stop(message) }
    }

    /// Out of line, for the sake of the callers' code.
    @inline(never) @usableFromInline
    static func stop(_ message: StaticString) -> Never { fatalError("ReceiveBuffer: \(message)") }
}
