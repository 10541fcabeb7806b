// The steps of receiving, for the functions that other modules compile into their own; see
// ``ReceiveStep``.
extension SocketStream {
    /// Begins to receive at least `count` bytes, which is one at least.
    @inlinable
    @inline(__always)
    func beginReceiving(_ count: Int, isolation: (any Actor)?) throws -> ReceiveStep {
        try parksAtOnce(count, isolation: isolation)
            ? .park : beginChecked(count, isolation: isolation)
    }

    /// What nearly all of them come to, apart from what else there may be to do: without what an
    /// error costs that could be thrown, and without asking where the task is at home, which its
    /// scope says.
    @usableFromInline
    func parksAtOnce(_ count: Int, isolation: (any Actor)?) -> Bool {
        isolation == nil && isOnThread && core.parksAtOnce(count)
    }

    @usableFromInline
    func beginChecked(_ count: Int, isolation: (any Actor)?) throws -> ReceiveStep {
        if !isOnThread || isolation != nil || !core.isInScope {
            guard isHome(isolation) else { return .wait }
            try checkCancellation()
        }
        return try core.beginReceiving(count, isolation: isolation)
    }

    /// What comes after the wait that ``ReceiveStep/park`` has asked for.
    @usableFromInline
    func goOnReceiving(_ count: Int, isolation: (any Actor)?) throws -> ReceiveStep {
        guard isOnThread else { return hasGoneElsewhere() }
        if core.hasJustReceived(count) { return .ready }
        return try core.goOnReceiving(count, isolation: isolation)
    }

    /// The task has taken on another preference inside of the scope in which its waits are covered,
    /// and is not on the loop any more. What came is kept for it; it begins again, as others do
    /// that are elsewhere, and its way to the loop is behind this.
    @inline(never)
    private func hasGoneElsewhere() -> ReceiveStep {
        try? loop.execute { _ in self.core.isReceiving = false }
        return .wait
    }

    /// The slow way: waits for the bytes with a deadline, or where nobody watches the task's
    /// cancellation. Still ``ReceiveStep/wait`` if the task is not on the loop.
    @usableFromInline
    nonisolated(nonsending) func waitForBytes(
        _ count: Int, upTo limit: Int, _ timeout: Duration?
    ) async throws -> ReceiveStep {
        guard isHome() else { return .wait }
        try checkCancellation()
        guard count > 0, limit > 0 else { throw StreamError.invalidArgument }
        return try await core.hasBytes(count, until: Self.deadline(timeout)) ? .ready : .ended
    }

    /// Throws if the stream has ended in the middle of what was asked for.
    @usableFromInline
    func checkNothingLeft() throws {
        let available = core.availableCount
        if available > 0 { throw StreamError.incomplete(available: available) }
    }

    /// Lends bytes that are there, and removes them unless the body throws.
    @inlinable
    func lend<R>(upTo limit: Int, _ body: (RawSpan) throws -> R) rethrows -> R {
        core.isLending = true
        defer { core.isLending = false }
        guard let bytes = lentBytes(upTo: limit) else { return try lendReadAhead(limit, body) }
        let result = try body(bytes.bytes)
        core.tookLent(bytes.count)
        return result
    }

    /// What has just come to memory that stays where it is until ``StreamCore/tookLent(_:)``.
    @inlinable
    func lentBytes(upTo limit: Int) -> UnsafeRawBufferPointer? {
        let memory = core.memory
        guard memory.count > 0 else { return nil }
        return UnsafeRawBufferPointer(rebasing: memory[..<Swift.min(limit, memory.count)])
    }

    @usableFromInline
    func lendReadAhead<R>(_ limit: Int, _ body: (RawSpan) throws -> R) rethrows -> R {
        try core.take(Swift.min(limit, core.availableCount)) { try body($0.bytes) }
    }

    /// Takes bytes that are there.
    @usableFromInline
    func takeArray(upTo limit: Int) -> [UInt8] {
        core.take(Swift.min(limit, core.availableCount)) { [UInt8]($0) }
    }
}
