/// Entries on their way from the inbox to the ready queue. Unlike an array it is emptied by moving,
/// without touching a reference count.
///
/// Sendable without the compiler's check: it owns its memory alone, and its entries are Sendable.
struct ReadyBatch: ~Copyable, @unchecked Sendable {
    /// A batch that was larger is given back when it is empty.
    private static let keptCapacity = 4_096

    private var entries: UnsafeMutablePointer<ReadyEntry>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 64
        entries = .allocate(capacity: capacity)
    }

    deinit {
        entries.deinitialize(count: count)
        entries.deallocate()
    }

    @inline(__always)
    mutating func append(_ entry: consuming ReadyEntry) {
        if count == capacity { grow() }
        (entries + count).initialize(to: entry)
        count += 1
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<ReadyEntry>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        capacity *= 2
    }

    /// Moves everything to the end of the queue.
    mutating func moveAll(to queue: inout ReadyQueue) {
        for index in 0..<count { queue.append((entries + index).move()) }
        count = 0
        if capacity > Self.keptCapacity { self = ReadyBatch() }
    }
}
