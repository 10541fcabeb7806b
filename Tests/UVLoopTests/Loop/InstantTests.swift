import Testing

@testable import UVLoop

@Suite struct InstantTests {
    /// Whole nanoseconds, rounded up, with the general division.
    private static func naive(_ duration: Duration) -> UInt64 {
        guard duration.attoseconds > 0 else { return 0 }
        let (quotient, rest) = duration.attoseconds.quotientAndRemainder(
            dividingBy: 1_000_000_000)
        let nanoseconds = quotient + (rest > 0 ? 1 : 0)
        return nanoseconds > Int128(Int64.max) ? UInt64(Int64.max) : UInt64(nanoseconds)
    }

    @Test func clampingAgainstNaiveArithmetic() {
        var generator = SeededGenerator(seed: 99)
        for _ in 0..<100_000 {
            let high = generator.magnitude(bits: 63)
            let low = generator.next() >> generator.magnitude(bits: 6)
            let isWide = generator.chance(1, in: 2)
            let attoseconds = Int128(isWide ? high : 0) << 64 | Int128(low)
            let duration = Duration(attoseconds: attoseconds)
            #expect(duration.clampedNanoseconds == Self.naive(duration))
        }
    }

    @Test func clampingAtTheEdges() {
        let edge = Int128(Int64.max) * 1_000_000_000
        let middles: [Int128] = [
            0, 1, 999_999_999, 1_000_000_000, 1 << 63, 1 << 64, 1 << 65, edge, .max,
        ]
        for middle in middles {
            for offset in Int128(-2)...2 {
                let (attoseconds, overflow) = middle.addingReportingOverflow(offset)
                if overflow { continue }
                let duration = Duration(attoseconds: attoseconds)
                #expect(duration.clampedNanoseconds == Self.naive(duration))
            }
        }
        #expect(Duration(attoseconds: 1).clampedNanoseconds == 1)
        #expect(Duration(attoseconds: .min).clampedNanoseconds == 0)
        #expect(Duration(attoseconds: .max).clampedNanoseconds == UInt64(Int64.max))
        #expect(Duration.seconds(Int64.max).clampedNanoseconds == UInt64(Int64.max))
    }

    @Test func advancing() {
        let now = EventLoop.Instant.now
        #expect(now.advanced(by: .zero) == now)
        #expect(now.advanced(by: .seconds(5)) > now)
        #expect(now.advanced(by: .seconds(-5)) < now)
        #expect(now.advanced(by: .seconds(5)).advanced(by: .seconds(-5)) == now)
        #expect(now.duration(to: now.advanced(by: .nanoseconds(7))) == .nanoseconds(7))
        #expect(now.duration(to: now.advanced(by: .nanoseconds(-7))) == .nanoseconds(-7))
    }

    @Test func advancingIsClamped() {
        let now = EventLoop.Instant.now
        let last = now.advanced(by: Duration(attoseconds: .max))
        #expect(last.nanoseconds == .farthestDeadline)
        #expect(last.advanced(by: .nanoseconds(1)) == last)
        let first = now.advanced(by: Duration(attoseconds: .min))
        #expect(first.nanoseconds == 0)
        #expect(first.advanced(by: .nanoseconds(-1)) == first)
        #expect(first.duration(to: last) == .nanoseconds(Int64.max))
        #expect(last.duration(to: first) == .nanoseconds(-Int64.max))
    }

    @Test func saturatingDeadlines() {
        let far = UInt64.farthestDeadline
        #expect(UInt64(5).saturatingDeadline(6) == 11)
        #expect(far.saturatingDeadline(0) == far)
        #expect(far.saturatingDeadline(1) == far)
        #expect(UInt64(1).saturatingDeadline(.max) == far)
        #expect((far - 1).saturatingDeadline(1) == far)
    }

    @Test func nowGoesOn() {
        var last = EventLoop.Instant.now
        for _ in 0..<1_000 {
            let now = EventLoop.Instant.now
            #expect(now >= last)
            last = now
        }
    }
}
