/// All waiting timers of a loop, in a hierarchical wheel: starting and stopping one takes constant
/// time however many there are (libuv's binary heap takes 123 and 344 ns with a million live).
///
/// Time is cut into ticks of 16 µs. Nine levels of 64 slots each cover the clock's whole range: a
/// timer sits on the level of the highest digit (base 64) in which its tick differs from the
/// current one, so each slot of a level lies after all slots of the levels below. When time reaches
/// a slot of a higher level, its timers move down. What is due at last is sorted by exact deadline,
/// then by the order of starting.
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
    private var current: UInt64
    private var starts: UInt = 0

    init(now: UInt64) {
        let count = Self.levels * Self.slots
        heads = .allocate(capacity: count + 2)
        heads.initialize(repeating: nil, count: count + 2)
        unresolved = heads + count
        overdue = heads + count + 1
        occupied = .allocate(capacity: Self.levels)
        occupied.initialize(repeating: 0, count: Self.levels)
        current = now >> Self.tickBits
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
        if earliestSlot() == nil { current = max(current, now >> Self.tickBits) }
        while let node = unresolved.pointee {
            node.unlink()
            node.pointee.deadline = now.saturatingDeadline(node.pointee.deadline)
            insert(node)
        }
    }

    private func insert(_ node: Node) {
        let tick = Self.tick(dueAt: node.pointee.deadline)
        guard tick > current else {
            node.pointee.state = .overdue
            node.push(onto: overdue)
            return
        }
        let level = (63 - (tick ^ current).leadingZeroBitCount) / Self.slotBits
        let slot = Int(tick >> UInt64(level * Self.slotBits)) & (Self.slots - 1)
        node.pointee.state = .scheduled
        node.push(onto: heads + (level * Self.slots + slot))
        occupied[level] |= 1 << UInt64(slot)
    }

    /// The first tick that begins at the deadline or after it: firing then is never early.
    private static func tick(dueAt deadline: UInt64) -> UInt64 {
        (deadline + (1 << tickBits - 1)) >> tickBits
    }

    // MARK: Expiry

    /// When the loop has to look at the wheel again, on the clock; nil if no timer waits. May be
    /// early (a crowded slot of a higher level has to move down first), never late.
    func nextLook() -> UInt64? {
        guard let (level, slot, start) = earliestSlot() else { return nil }
        guard level > 0 else { return start << Self.tickBits }
        var earliest = UInt64.max
        var node = heads[level * Self.slots + slot]
        for _ in 0..<16 {
            guard let waiting = node else { return earliest << Self.tickBits }
            earliest = min(earliest, Self.tick(dueAt: waiting.pointee.deadline))
            node = waiting.pointee.next
        }
        return start << Self.tickBits
    }

    /// Takes out all timers whose tick has begun, in the order in which they fire.
    mutating func takeDue(now: UInt64, into due: inout ContiguousArray<Node>) {
        let target = now >> Self.tickBits
        while let (level, slot, start) = earliestSlot(), start <= target {
            current = start
            let head = heads + (level * Self.slots + slot)
            while let node = head.pointee {
                node.unlink()
                if Self.tick(dueAt: node.pointee.deadline) <= target {
                    due.append(node)
                } else {
                    insert(node)
                }
            }
        }
        current = max(current, target)
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
