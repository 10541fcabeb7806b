/// How much one connection may send before the loop goes on. A peer that reads as fast as it is
/// written to never makes the writer wait: without this, a protocol or a task that sends for as
/// long as it may would keep the loop for itself.
///
/// What is written once the budget is spent is queued, as if the socket were full. So it goes out
/// at the end of the turn, in one vectored write, which costs the system less than many.
///
/// The budget is new with every turn and every read (see ``LoopCore/epoch``): what answers reads is
/// bounded by them, and queueing it would copy it.
struct WriteBudget {
    /// Nothing needs to be counted but what passes a multiple of this: at the second within an
    /// epoch the budget is spent.
    static let size = 1 << 18

    private var epoch: UInt = 0
    private var wasSpent = false

    /// Whether a count of bytes passes a multiple of ``size`` on its way.
    @inline(__always)
    static func isPassed(from before: Int, to after: Int) -> Bool { before ^ after >= size }

    mutating func pass(in now: UInt) {
        wasSpent = epoch == now
        epoch = now
    }

    func isSpent(in now: UInt) -> Bool { wasSpent && epoch == now }
}
