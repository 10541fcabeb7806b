/// All waiting timers of a loop, in a hierarchical wheel: starting and stopping one takes constant
/// time however many there are (libuv's binary heap takes 123 and 344 ns with a million live).
///
/// Time is cut into ticks of 16 µs. Nine levels of 64 slots each cover the clock's whole range: a
/// timer sits on the level of the highest digit (base 64) in which its tick differs from the
/// current one, so each slot of a level lies after all slots of the levels below. When time reaches
/// a slot of a higher level, its timers move down. What is due at last, to the nanosecond, is
/// sorted by deadline, then by the order of starting.
///
/// A delay is not added to the clock when a timer is started but when the callback that started it
/// returns (``resolve(now:)``): one reading of the clock then serves all timers of the callback,
/// and none can fire early, as they do in loops that add the delay to a cached time.
struct TimerWheel: ~Copyable {
    typealias Node = TimerNode.Pointer

    private static let tickBits: UInt64 = 14
    private static let slotBits = 6
    private static let slots = 1 << slotBits
    private static let levels = 9

    /// The heads of the slots' lists, level by level, then of the two lists below.
    private let heads: UnsafeMutablePointer<Node?>
    private let unresolved: UnsafeMutablePointer<Node?>
    private let overdue: UnsafeMutablePointer<Node?>
    /// A bit for each slot that may hold timers. Stopping leaves it set; the next look clears it.
    private let occupied: UnsafeMutablePointer<UInt64>
    /// The latest time that the wheel has been told, and its tick.
    private var latest: UInt64
    private var current: UInt64 { latest >> Self.tickBits }
    private var starts: UInt = 0
    /// No later than the earliest deadline; `.max` without timers. Stopping does not raise it.
    private var look = UInt64.max
    /// Whether `look` has to be found anew.
    private var isLookOutdated = false

    init(now: UInt64) {
        let count = Self.levels * Self.slots
        heads = .allocate(capacity: count + 2)
        heads.initialize(repeating: nil, count: count + 2)
        unresolved = heads + count
        overdue = heads + count + 1
        occupied = .allocate(capacity: Self.levels)
        occupied.initialize(repeating: 0, count: Self.levels)
        latest = now
    }

    deinit {
        heads.deallocate()
        occupied.deallocate()
    }

    // MARK: Starting and stopping

    /// Whether timers wait for their delay to be added to the clock.
    var hasUnresolved: Bool {
        @inline(__always) get { unresolved.pointee != nil }
    }

    /// Whether timers were started whose deadline had passed already.
    var hasOverdue: Bool { overdue.pointee != nil }

    /// Starts a timer that is due `delay` nanoseconds after the running callback.
    @inline(__always)
    mutating func start(_ node: Node, delay: UInt64) {
        starts &+= 1
        node.pointee.order = starts
        node.pointee.deadline = delay
        node.pointee.state = .unresolved
        node.push(onto: unresolved)
    }

    /// Starts a timer that is due at an instant.
    mutating func start(_ node: Node, deadline: UInt64) {
        starts &+= 1
        node.pointee.order = starts
        node.pointee.deadline = min(deadline, .farthestDeadline)
        insert(node)
    }

    /// Turns the delays of timers just started into deadlines.
    mutating func resolve(now: UInt64) {
        if earliestSlot() == nil { latest = max(latest, now) }
        while let node = unresolved.pointee {
            node.unlink()
            node.pointee.deadline = now.saturatingDeadline(node.pointee.deadline)
            insert(node)
        }
    }

    private mutating func insert(_ node: Node) {
        let deadline = node.pointee.deadline
        guard deadline > latest else {
            node.pointee.state = .overdue
            node.push(onto: overdue)
            return
        }
        look = min(look, deadline)
        let tick = deadline >> Self.tickBits
        let level = (63 - ((tick ^ current) | 1).leadingZeroBitCount) / Self.slotBits
        let slot = Int(tick >> UInt64(level * Self.slotBits)) & (Self.slots - 1)
        node.pointee.state = .scheduled
        node.push(onto: heads + (level * Self.slots + slot))
        occupied[level] |= 1 << UInt64(slot)
    }

    // MARK: Expiry

    /// When the loop has to look at the wheel again, on the clock; nil if no timer waits. Never
    /// late; early after timers have been stopped, and when a crowded slot has to move down first.
    ///
    /// - Parameter afresh: look at what has been stopped, too.
    mutating func nextLook(afresh: Bool = false) -> UInt64? {
        if isLookOutdated || afresh { findLook() }
        return look == .max ? nil : look
    }

    private mutating func findLook() {
        isLookOutdated = false
        look = .max
        guard let (level, slot, start) = earliestSlot() else { return }
        var node = heads[level * Self.slots + slot]
        // The slots of higher levels can be crowded, and nothing in them is due soon.
        var rest = level == 0 ? Int.max : 16
        while let waiting = node, rest > 0 {
            look = min(look, waiting.pointee.deadline)
            node = waiting.pointee.next
            rest -= 1
        }
        if node != nil { look = start << Self.tickBits }
    }

    /// Takes out all timers that are due, in the order in which they fire.
    mutating func takeDue(now: UInt64, into due: inout ContiguousArray<Node>) {
        isLookOutdated = true
        let target = now >> Self.tickBits
        while let (level, slot, start) = earliestSlot(), start <= target {
            latest = max(latest, start << Self.tickBits)
            let head = heads + (level * Self.slots + slot)
            // Taken off as a whole: what is not due may go back to the same slot.
            var rest = head.pointee
            head.pointee = nil
            while let node = rest {
                rest = node.pointee.next
                node.pointee.next = nil
                node.pointee.link = nil
                if node.pointee.deadline <= now { due.append(node) } else { insert(node) }
            }
            if level == 0, start == target { break }
        }
        latest = max(latest, now)
        while let node = overdue.pointee {
            node.unlink()
            due.append(node)
        }
        if due.count > 1 {
            due.sort { left, right in
                let (first, second) = (left.pointee.deadline, right.pointee.deadline)
                return first != second
                    ? first < second : left.pointee.order < right.pointee.order
            }
        }
    }

    /// The earliest slot with timers in it, and the tick with which it begins.
    private func earliestSlot() -> (level: Int, slot: Int, start: UInt64)? {
        for level in 0..<Self.levels {
            while occupied[level] != 0 {
                let slot = occupied[level].trailingZeroBitCount
                if heads[level * Self.slots + slot] == nil {
                    occupied[level] &= ~(1 << UInt64(slot))
                    continue
                }
                let shift = UInt64(level * Self.slotBits)
                let span = (UInt64(1) << (shift + UInt64(Self.slotBits))) - 1
                return (level, slot, (current & ~span) | (UInt64(slot) << shift))
            }
        }
        return nil
    }

    /// Takes out every timer that has not been handed to the ready queue, due or not.
    mutating func removeAll() -> ContiguousArray<Node> {
        isLookOutdated = true
        var removed: ContiguousArray<Node> = []
        for index in 0..<(Self.levels * Self.slots + 2) {
            while let node = heads[index] {
                node.unlink()
                removed.append(node)
            }
        }
        return removed
    }
}
