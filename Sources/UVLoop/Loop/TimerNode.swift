/// What the timer wheel knows of one timer. Heap-stable: the wheel's lists run through it.
///
/// It belongs to its ``Timer`` object; when that goes first, the node is an orphan and is freed
/// once it neither waits nor fires. So a running timer needs no reference to its object, and
/// starting or stopping one costs no reference counting.
struct TimerNode {
    typealias Pointer = UnsafeMutablePointer<TimerNode>

    enum State: UInt8 {
        /// Neither waiting nor due.
        case idle
        /// Started in the running callback: `deadline` still holds the delay.
        case unresolved
        /// Waiting in a slot of the wheel.
        case scheduled
        /// Its deadline had passed when it was started.
        case overdue
        /// In the ready queue; `order` holds the entry's number.
        case queued
    }

    /// The next node of the list, and the pointer that points to this one: enough to unlink it.
    var next: Pointer?
    var link: UnsafeMutablePointer<Pointer?>?
    /// Nanoseconds on the loop's clock.
    var deadline: UInt64 = 0
    /// Counts starts: equal deadlines fire in this order.
    var order: UInt = 0
    /// Nanoseconds; 0 for a timer that fires once.
    var period: UInt64 = 0
    let body: () throws -> Void
    var state = State.idle
    var isFiring = false
    var isOrphan = false
    var keepsLoopAlive = true
    /// Whether it fires when the loop closes, for a task that would wait for ever otherwise. What
    /// it calls then can do without the loop.
    var firesAtEnd = false

    init(_ body: @escaping () throws -> Void) {
        self.body = body
    }
}

extension UnsafeMutablePointer where Pointee == TimerNode {
    /// Takes the node out of the list it is in.
    func unlink() {
        pointee.link!.pointee = pointee.next
        if let next = pointee.next { next.pointee.link = pointee.link }
        pointee.link = nil
        pointee.next = nil
    }

    /// Puts the node at the head of a list. The order within a list means nothing.
    func push(onto head: UnsafeMutablePointer<UnsafeMutablePointer<TimerNode>?>) {
        pointee.next = head.pointee
        if let next = head.pointee {
            next.pointee.link = UnsafeMutablePointer.address(ofNext: self)
        }
        pointee.link = head
        head.pointee = self
    }

    private static func address(ofNext node: Self) -> UnsafeMutablePointer<Self?> {
        UnsafeMutableRawPointer(node)
            .advanced(by: MemoryLayout<TimerNode>.offset(of: \.next)!)
            .assumingMemoryBound(to: Self?.self)
    }

    /// Frees the node of an object that goes, at once or when it neither waits nor fires any more.
    func becomeOrphan() {
        if pointee.state == .idle, !pointee.isFiring { free() } else { pointee.isOrphan = true }
    }

    /// Frees a node that is in no list.
    func free() {
        deinitialize(count: 1)
        deallocate()
    }
}
