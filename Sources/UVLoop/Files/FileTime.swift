import CUV

/// A point in time as file systems keep it, to the nanosecond: since the beginning of 1970, UTC.
public struct FileTime: Hashable, Sendable, Comparable {
    /// Whole seconds; negative before 1970.
    public let seconds: Int
    /// What is added to them, 0 to 999,999,999.
    public let nanoseconds: Int

    /// A time of its parts; nanoseconds of a second and more, or below zero, are carried over.
    public init(seconds: Int, nanoseconds: Int = 0) {
        let (carry, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.seconds = seconds + carry - (rest < 0 ? 1 : 0)
        self.nanoseconds = rest + (rest < 0 ? 1_000_000_000 : 0)
    }

    /// A time since 1970.
    public init(since1970 duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(seconds: Int(seconds), nanoseconds: Int(attoseconds / 1_000_000_000))
    }

    /// How long after the beginning of 1970.
    public var since1970: Duration { .seconds(seconds) + .nanoseconds(nanoseconds) }

    /// The present. Binds `uv_gettimeofday`.
    public static var now: FileTime {
        var time = uv_timeval64_t()
        uv_gettimeofday(&time)
        return FileTime(seconds: Int(time.tv_sec), nanoseconds: Int(time.tv_usec) * 1_000)
    }

    /// The earlier one is less.
    public static func < (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    init(_ time: uv_timespec_t) {
        self.init(seconds: Int(time.tv_sec), nanoseconds: Int(time.tv_nsec))
    }

    /// As libuv takes it. Its own conversion (1.44) knows no time before 1970, and cuts after the
    /// microsecond: a half of one more keeps what a double has lost from costing a whole one.
    var forLibuv: Double {
        get throws(UVError) {
            guard seconds >= 0 else { throw .invalidArgument }
            return Double(seconds) + (Double(nanoseconds / 1_000) + 0.5) / 1e6
        }
    }
}
