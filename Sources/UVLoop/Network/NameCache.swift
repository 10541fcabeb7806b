/// How long a loop remembers what names stand for, and how many of them; see
/// ``EventLoop/nameCacheLimits``.
public struct NameCacheLimits: Hashable, Sendable {
    /// How long an answer is used after it came. The system's resolver does not say how long the
    /// name server would have it used, so that this is for you to know.
    public var timeToLive: Duration
    /// How many answers are kept at most. The oldest goes first. To find it all are looked at, so
    /// this is not meant for many thousands.
    public var entries: Int

    /// Limits with 256 entries, unless another number is given.
    public init(timeToLive: Duration, entries: Int = 256) {
        self.timeToLive = timeToLive
        self.entries = entries
    }
}

/// Answers of look-ups, each for a time. Errors are not kept.
struct NameCache {
    private struct Entry {
        let answer: NameAnswer
        let born: EventLoop.Instant
    }

    /// Set anew, it holds for what is kept already as well.
    var limits: NameCacheLimits {
        didSet { while entries.count > max(0, limits.entries) { dropOldest() } }
    }
    private var entries: [NameQuery: Entry] = [:]
    var count: Int { entries.count }

    init(_ limits: NameCacheLimits) { self.limits = limits }

    /// What is known and still good.
    mutating func answer(to query: NameQuery, at now: EventLoop.Instant = .now) -> NameAnswer? {
        guard let entry = entries[query] else { return nil }
        guard entry.born.duration(to: now) < limits.timeToLive else {
            entries[query] = nil
            return nil
        }
        return entry.answer
    }

    mutating func store(
        _ answer: NameAnswer, for query: NameQuery, at now: EventLoop.Instant = .now
    ) {
        guard limits.entries > 0, limits.timeToLive > .zero else { return }
        if entries[query] == nil, entries.count >= limits.entries { dropOldest() }
        entries[query] = Entry(answer: answer, born: now)
    }

    private mutating func dropOldest() {
        let oldest = entries.min { $0.value.born < $1.value.born }
        if let oldest { entries[oldest.key] = nil }
    }

    /// Forgets an answer that was of no use.
    mutating func forget(_ query: NameQuery) { entries[query] = nil }
}

extension EventLoop {
    /// Whether, and how long, the loop remembers what names stand for; nil, as at first, for not
    /// at all. On the loop's thread only.
    ///
    /// ```swift
    /// loop.nameCacheLimits = NameCacheLimits(timeToLive: .seconds(30))
    /// ```
    ///
    /// It serves `lookUp`, `connect`, `listen` and datagram sockets on this loop. Errors are not
    /// kept. When no address of a remembered name can be connected to, the name is forgotten, and
    /// the next `connect` looks it up. Setting nil forgets all; new limits hold for what is kept
    /// already.
    public nonisolated var nameCacheLimits: NameCacheLimits? {
        get {
            preconditionOnThread("nameCacheLimits")
            return core.nameCache?.limits
        }
        set {
            preconditionOnThread("nameCacheLimits")
            guard let newValue, !core.isClosed else {
                core.nameCache = nil
                return
            }
            if core.nameCache == nil {
                core.nameCache = NameCache(newValue)
            } else {
                core.nameCache?.limits = newValue
            }
        }
    }

    /// Forgets what names stand for. On the loop's thread only.
    public nonisolated func clearNameCache() {
        preconditionOnThread("clearNameCache")
        core.nameCache = core.nameCache.map { NameCache($0.limits) }
    }

    /// What a name stands for, if nobody has to be asked.
    nonisolated func knownAnswer(to query: NameQuery) -> NameAnswer? {
        query.numericAddress.map { NameAnswer([$0]) } ?? core.nameCache?.answer(to: query)
    }
}

extension NameAnswer {
    init(_ addresses: [SocketAddress]) {
        self.addresses = addresses
    }
}
