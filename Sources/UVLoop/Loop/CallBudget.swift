/// How many system calls that never have to wait somebody may make before the loop goes on. Many
/// systems always have room for one more datagram, and drop it; a peer may always be ready.
struct CallBudget {
    static let size = 256

    private var epoch: UInt = 0
    private var taken = 0

    /// Whether one more may be made. The budget is new in every ``LoopCore/epoch``.
    mutating func takeOne(in now: UInt) -> Bool {
        if epoch != now {
            epoch = now
            taken = 0
        }
        taken += 1
        return taken <= Self.size
    }
}
