/// How a connection is made.
public struct ConnectOptions: Sendable, Hashable {
    /// How long an attempt has for itself before the next address is tried beside it; 250 ms at
    /// first. An attempt that fails earlier is followed at once. Less than 10 ms counts as 10 ms,
    /// the least that RFC 8305 allows.
    ///
    /// Nil tries one address after the other: each until it fails.
    public var attemptDelay: Duration? = .milliseconds(250)
    /// How many addresses of the family that the resolver put first are tried before the first of
    /// the other family; from there on they take turns. 1 at first; less counts as 1.
    public var firstFamilyCount = 1
    /// Whether small writes are sent without delay: `TCP_NODELAY`. True at first.
    public var noDelay = true

    /// The options as they are at first.
    public init() {}
}
