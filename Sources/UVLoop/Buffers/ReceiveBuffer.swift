import CUV

/// Bytes that came and wait to be taken, in one piece: filled at the tail, taken from the front.
///
/// What a ``BufferedProtocol`` that parses hands out as its memory: ``reserve(_:)`` gives room for
/// the next read, ``commit(_:)`` says how much of it was filled, and the parser looks at what is
/// there with ``withUnsafeBytes(_:)`` or ``firstIndex(of:from:)-(UInt8,_)`` and takes it with
/// ``removeFirst(_:)``. Nothing is copied on that way but what has to be moved to stay in one
/// piece, and nothing is ever zeroed.
///
/// Taking from the front takes constant time, however much is left. All the moving together is
/// linear in the bytes that come. No memory is taken before the first use; it grows by doubling,
/// and what the ``limit`` did not allow for is given back when the buffer runs empty. What is left
/// then serves the next bytes, unless ``releaseMemoryIfEmpty()`` gives it back.
///
/// Misuse, such as to remove more than there is, stops the program, in release builds too.
public struct ReceiveBuffer: ~Copyable {
    // The memory is one block: its size in bytes, then, from `memory` on, so many bytes. There
    //
    //     0 ≤ start ≤ end ≤ roomEnd ≤ capacity
    //
    // and `start..<end` is what is there, `end..<roomEnd` the room that was reserved and not
    // committed yet. That the size lies in the block keeps the struct at five words.
    //
    // Why moving is linear. Bytes are moved to the front of their block, or to another block, and
    // in both cases `start` is 0 afterwards.
    //
    // - To the front, or to a smaller block, only if there are at most as many as have been
    //   removed since they were last moved, which is what `start` counts. Every removed byte so
    //   pays for at most one moved byte.
    // - To a larger block otherwise, if the tail is too short for `minimum`. The larger one has
    //   twice the size, but for the step that ends at the limit. With a `minimum` of at most half
    //   the block, more than a quarter of the block was filled with what is moved: either more
    //   than was removed, and both together filled it to half, or so much that `minimum` does
    //   not fit. So the moves up to the last block sum up to a fixed multiple of the bytes that
    //   were in the last one. A larger `minimum` pays for itself when it is filled; one that is
    //   never filled costs a move of what is there for every doubling.
    // - Blocks become smaller when they are empty, which moves nothing, or at a slide, so the next
    //   growth moves nothing that has been moved to the smaller block without having been paid.

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
            if isEmpty { restart() }
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

    /// Moves the bytes if need be, so that `minimum` bytes fit behind them.
    private mutating func makeRoom(_ minimum: Int) {
        if isEmpty { restart() }
        let capacity = capacity
        let needed = count + minimum
        let isPaid = count <= start
        if isPaid, needed <= limit, capacity / 2 > limit {
            move(toBlockOf: limit)
        } else if isPaid, needed <= capacity {
            // Also if the tail would do: a short one makes for short reads.
            if capacity - end < max(minimum, capacity / 2) { slide() }
        } else if capacity - end < minimum {
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
        if isEmpty { restart() }
    }

    /// Removes bytes from the front and returns them.
    public mutating func take(_ count: Int) -> [UInt8] {
        Self.check(0 <= count && count <= self.count, "more was taken than is there")
        let bytes = withUnsafeBytes { [UInt8]($0[..<count]) }
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

    /// Where a byte is for the first time, counted from the front, at `from` or after it.
    ///
    /// As fast as `memchr`. `from` is at most the count.
    public func firstIndex(of byte: UInt8, from: Int = 0) -> Int? {
        Self.check(0 <= from && from <= count, "the search begins behind the end")
        guard let memory, from < count else { return nil }
        let first = memory + start
        return memchr(first + from, Int32(byte), count - from).map {
            UnsafeMutableRawPointer($0) - first
        }
    }

    /// Where a delimiter begins for the first time, counted from the front, at `from` or after it.
    ///
    /// Takes time in proportion to the bytes it goes through. If it finds nothing, the next search,
    /// after more has come, can begin at `max(from, count - (delimiter's count - 1))`, with the
    /// `count` at the time of this one: before that the delimiter does not begin. So all searches
    /// together take linear time. The empty delimiter is found at `from`, which is at most the
    /// count.
    public func firstIndex(of delimiter: some ByteContainer, from: Int = 0) -> Int? {
        Self.check(0 <= from && from <= count, "the search begins behind the end")
        return delimiter.withUnsafeBytes { delimiter in
            guard let sought = delimiter.baseAddress, delimiter.count > 0 else { return from }
            guard let memory, from < count else { return nil }
            let first = memory + start
            return cuv_find(first + from, count - from, sought, delimiter.count)
                .map { UnsafeMutableRawPointer(mutating: $0) - first }
        }
    }
}

// MARK: - Memory

extension ReceiveBuffer {
    /// What is taken first, if the limit allows and no more is asked for.
    private static var firstCapacity: Int { 4_096 }
    /// What lies before the bytes: their number, in a piece that keeps them aligned.
    @usableFromInline static var headerSize: Int { 16 }

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

    /// Begins at the front again, now that nothing is there.
    @usableFromInline mutating func restart() {
        (start, end, roomEnd) = (0, 0, 0)
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
        if !condition { fatalError("ReceiveBuffer: \(message)") }
    }
}
