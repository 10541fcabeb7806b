/// A piece of work that waits for its turn on the loop.
///
/// Sendable without the compiler's check, because entries cross from other threads in the
/// ``Inbox``: a closure only gets there as a `@Sendable` one, and a timer only for good.
enum ReadyEntry: @unchecked Sendable {
    typealias Function = @convention(c) (UnsafeMutableRawPointer?) -> Void

    /// A job of a task without isolation, for the loop's task executor.
    case taskJob(UnownedJob)
    /// A job of a task with neither isolation nor a preference, for the default executor.
    case defaultJob(UnownedJob)
    /// A job isolated to an actor on the loop's serial executor.
    case serialJob(UnownedJob)
    /// A C function and its context: the cheapest thing to queue.
    case function(Function, UnsafeMutableRawPointer?)
    /// A closure queued on the loop's thread.
    case closure(() throws -> Void)
    /// A closure posted from anywhere.
    case posted(PostedCall)
    /// A timer that is due.
    case timer(UnsafeMutablePointer<TimerNode>)
    /// The timer of a task that sleeps, from another thread: to be started.
    case sleeper(UnsafeMutablePointer<TimerNode>)
    /// A timer whose object went on another thread.
    case orphan(UnsafeMutablePointer<TimerNode>)
    /// What a cancelled entry leaves in its place.
    case cancelled

    /// Jobs run as soon as the budget of a turn allows; everything else waits for the next turn if
    /// it was queued in this one.
    var isJob: Bool {
        switch self {
        case .taskJob, .defaultJob, .serialJob: true
        default: false
        }
    }
}

/// A closure that is isolated to the loop, in the form in which the loop calls it.
struct PostedCall {
    typealias Body = (EventLoop) throws -> Void

    private struct Isolated {
        let body: @Sendable (isolated EventLoop) throws -> Void
    }
    private struct Plain {
        let body: Body
    }

    let body: Body

    init(_ body: consuming @escaping @Sendable (isolated EventLoop) throws -> Void) {
        // Sound: isolation is no part of how a synchronous closure is called, and the loop calls it
        // on its thread. (`assumeIsolated` does the same, after asking whether that is so.) In
        // structs, because a bare function would be wrapped, and allocated, twice on the way.
        self.body = unsafeBitCast(Isolated(body: body), to: Plain.self).body
    }
}

/// The loop's one queue: strictly first in, first out.
///
/// A ring that grows by doubling and always has room for one more. Entries are known by a number
/// that only counts up, so an entry is cancelled in constant time and a handle to it needs no
/// memory of its own.
struct ReadyQueue: ~Copyable {
    private static let smallCapacity: UInt = 256
    /// Above this a ring that has run empty is given back.
    private static let keptCapacity: UInt = 65_536

    private var ring: UnsafeMutablePointer<ReadyEntry>
    /// The capacity, which is a power of two, less one.
    private var mask: UInt
    /// The number of the oldest entry.
    private(set) var head: UInt = 0
    /// The number that the next entry will get.
    private(set) var tail: UInt = 0

    init() {
        mask = Self.smallCapacity - 1
        ring = .allocate(capacity: Int(Self.smallCapacity))
    }

    deinit {
        var number = head
        while number != tail {
            slot(number).deinitialize(count: 1)
            number &+= 1
        }
        ring.deallocate()
    }

    var isEmpty: Bool { head == tail }

    private func slot(_ number: UInt) -> UnsafeMutablePointer<ReadyEntry> {
        ring + Int(bitPattern: number & mask)
    }

    /// Queues an entry and returns its number.
    @discardableResult
    @inline(__always)
    mutating func append(_ entry: consuming ReadyEntry) -> UInt {
        let number = place(entry)
        if isFull { grow() }
        return number
    }

    /// As ``append(_:)``, but if the ring ``isFull`` afterwards, the caller has to ``grow()`` it.
    @inline(__always)
    mutating func place(_ entry: consuming ReadyEntry) -> UInt {
        let number = tail
        slot(number).initialize(to: entry)
        tail = number &+ 1
        return number
    }

    /// Whether there is no room for one more.
    @inline(__always) var isFull: Bool { tail &- head > mask }

    @inline(never)
    mutating func grow() { resize(to: (mask + 1) * 2) }

    /// Takes the oldest entry; nil when there is none, or when it is no job and its number is
    /// `end` or above.
    @inline(__always)
    mutating func takeFirst(before end: UInt) -> ReadyEntry? {
        guard head != tail else { return nil }
        let first = slot(head)
        if Int(bitPattern: head &- end) >= 0, !first.pointee.isJob { return nil }
        head &+= 1
        return first.move()
    }

    /// Replaces a waiting entry by nothing; nil if it has run or been cancelled. The entry is given
    /// back, because letting it go may run user code, which may queue something.
    mutating func cancel(_ number: UInt) -> ReadyEntry? {
        guard isWaiting(number) else { return nil }
        let entry = slot(number).move()
        slot(number).initialize(to: .cancelled)
        return entry
    }

    /// Takes back the entry that was queued last.
    mutating func removeLast() {
        tail &-= 1
        slot(tail).deinitialize(count: 1)
    }

    /// Whether every entry below a number has been taken.
    func hasTakenAll(before number: UInt) -> Bool { Int(bitPattern: head &- number) >= 0 }

    /// Whether the entry is still to run.
    func isWaiting(_ number: UInt) -> Bool {
        guard number &- head < tail &- head else { return false }
        if case .cancelled = slot(number).pointee { return false }
        return true
    }

    /// Gives back what a burst of work has made the ring grow to.
    mutating func shrinkIfIdle() {
        if isEmpty, mask >= Self.keptCapacity { resize(to: Self.smallCapacity) }
    }

    private mutating func resize(to newCapacity: UInt) {
        let newRing = UnsafeMutablePointer<ReadyEntry>.allocate(capacity: Int(newCapacity))
        var number = head
        while number != tail {
            (newRing + Int(number & (newCapacity - 1)))
                .moveInitialize(from: slot(number), count: 1)
            number &+= 1
        }
        ring.deallocate()
        ring = newRing
        mask = newCapacity - 1
    }
}
