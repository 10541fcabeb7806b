import CUV

extension EventLoop {
    /// A point on the loop's clock, the monotonic clock of `uv_hrtime`: it never jumps, and it
    /// stands still while the machine is suspended (like `SuspendingClock`).
    public struct Instant: InstantProtocol, Sendable {
        /// Nanoseconds since an arbitrary origin.
        let nanoseconds: UInt64

        /// This very moment. Binds `uv_hrtime`.
        public static var now: Instant { Instant(nanoseconds: uv_hrtime()) }

        /// The instant that lies `duration` after this one, in whole nanoseconds; clamped to the
        /// clock's range of 292 years.
        public func advanced(by duration: Duration) -> Instant {
            if duration < .zero {
                let attoseconds = max(duration.attoseconds, -.max)  // the least has no opposite
                let back = Duration(attoseconds: -attoseconds).clampedNanoseconds
                return Instant(nanoseconds: nanoseconds > back ? nanoseconds - back : 0)
            }
            return Instant(nanoseconds: nanoseconds.saturatingDeadline(duration.clampedNanoseconds))
        }

        /// How long it is from this instant to `other`; negative if `other` is earlier.
        public func duration(to other: Instant) -> Duration {
            .nanoseconds(Int64(other.nanoseconds) - Int64(nanoseconds))
        }

        /// Whether the left instant is the earlier one.
        public static func < (left: Instant, right: Instant) -> Bool {
            left.nanoseconds < right.nanoseconds
        }
    }
}

extension UInt64 {
    /// The last instant that a timer can be set for: 292 years after the clock's origin.
    static let farthestDeadline = UInt64(Int64.max)

    /// This instant plus a delay, clamped.
    func saturatingDeadline(_ delay: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(delay)
        return overflow || sum > .farthestDeadline ? .farthestDeadline : sum
    }
}

extension Duration {
    /// Whole nanoseconds, rounded up, clamped to 0...292 years: what a timer counts in.
    ///
    /// Done by one 128-by-64-bit division, because the general one costs more than starting a
    /// timer.
    var clampedNanoseconds: UInt64 {
        let attoseconds = attoseconds
        guard attoseconds > 0 else { return 0 }
        let perNanosecond: UInt64 = 1_000_000_000
        let value = UInt128(bitPattern: attoseconds) &+ UInt128(perNanosecond - 1)
        let high = UInt64(truncatingIfNeeded: value >> 64)
        guard high < perNanosecond / 2 else { return .farthestDeadline }
        let low = UInt64(truncatingIfNeeded: value)
        if high == 0 { return low / perNanosecond }
        return min(perNanosecond.dividingFullWidth((high, low)).quotient, .farthestDeadline)
    }
}
