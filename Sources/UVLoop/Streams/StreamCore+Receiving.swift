import CUV

// The way in: from libuv's callbacks to the task that waits for bytes.
extension StreamCore {
    private static var nothing: UnsafeMutableRawBufferPointer { .init(start: nil, count: 0) }

    // MARK: What libuv calls

    /// Where the next bytes go; nil for the loop's memory.
    @inline(__always)
    func provideBuffer() -> UnsafeMutableRawBufferPointer? {
        if receiver.isOccupied {
            if hasTarget {
                return UnsafeMutableRawBufferPointer(rebasing: memory[targetFilled...])
            }
            if readAhead?.buffer.isEmpty ?? true, needed <= ReadAhead.standardLimit {
                return nil
            }
        }
        return reserve()
    }

    @inline(never)
    private func reserve() -> UnsafeMutableRawBufferPointer {
        // A wait that was cut off and whose task has not run yet: what came for it goes first.
        if hasTarget, receiver.outcome != .woken { putBackTarget() }
        let ahead = neededReadAhead
        guard receiver.isOccupied else { return ahead.buffer.reserve(1) }
        // Beyond the limit, too, in pieces worth a system call: who looks for a delimiter needs
        // only one byte more each time.
        let count = ahead.buffer.count
        let worthwhile = ahead.buffer.isFull ? min(count, ReadAhead.standardLimit) : 1
        return ahead.buffer.reserve(max(needed - count, worthwhile))
    }

    @inline(__always)
    func received(_ base: UnsafeMutableRawPointer, _ count: Int) {
        let isShared = withLoopCore { $0.readBuffer.baseAddress == base }
        if isShared, count >= needed {
            memory = UnsafeMutableRawBufferPointer(start: base, count: count)
            wakeReceiverNow()
            if memory.count > 0, !hasTarget { keepLent() }
        } else {
            receivedOtherwise(base, count, isShared)
        }
        if let readAhead { restIfFull(readAhead) }
    }

    private func receivedOtherwise(
        _ base: UnsafeMutableRawPointer, _ count: Int, _ isShared: Bool
    ) {
        if isShared {
            keep(UnsafeRawBufferPointer(start: base, count: count))
        } else if hasTarget, receiver.isOccupied {
            targetFilled += count
            if targetFilled >= needed { wakeReceiverNow() }
        } else {
            neededReadAhead.buffer.commit(count)
            if neededReadAhead.buffer.count >= needed { wakeReceiverNow() }
        }
    }

    /// The loop's memory is for the next who reads.
    @inline(never)
    private func keepLent() {
        if !isClosed { keep(UnsafeRawBufferPointer(memory)) }
        memory = Self.nothing
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) {
        let ahead = neededReadAhead
        // All that is needed must come to lie in one piece.
        _ = ahead.buffer.reserve(max(needed, bytes.count))
        ahead.buffer.append(bytes)
    }

    /// Lets the network wait if nobody takes what has come.
    private func restIfFull(_ ahead: ReadAhead) {
        if ahead.buffer.capacity > ReadAhead.standardLimit { ahead.wasLarge = true }
        guard ahead.buffer.isFull, !ahead.isFull, !receiver.isOccupied else { return }
        ahead.isFull = true
        transport.holdReading()
    }

    var neededReadAhead: ReadAhead {
        if let readAhead { return readAhead }
        let made = ReadAhead()
        readAhead = made
        return made
    }

    // MARK: Waiting

    /// How many bytes can be taken at once.
    var availableCount: Int {
        @inline(__always)
        get { hasTarget ? targetFilled : memory.count > 0 ? memory.count : aheadCount }
    }

    private var aheadCount: Int { readAhead?.buffer.count ?? 0 }

    /// Checks that the calling task may receive, and whether it has to wait for that.
    ///
    /// - Returns: true if `count` bytes are there, false if the end of the stream is before them,
    ///   nil if neither is known yet.
    @inline(__always)
    func canReceive(_ count: Int) throws(StreamError) -> Bool? {
        if isReceiving { throw .busy }
        return try hasReceived(count)
    }

    @inline(__always)
    private func hasReceived(_ count: Int) throws(StreamError) -> Bool? {
        if isClosed { throw .closed }
        if availableCount >= count { return true }
        if isGone || hasReadEnd { return try hasEnded() }
        return nil
    }

    @inline(never)
    private func hasEnded() throws(StreamError) -> Bool {
        if hasReadEnd { return false }
        if let failure { throw .broken(failure) }
        // Gone without an end: the loop is closing.
        throw .closed
    }

    /// Waits until so many bytes can be taken. False if the stream ends before.
    @inline(__always)
    nonisolated(nonsending) func hasBytes(
        _ count: Int, until deadline: EventLoop.Instant?
    ) async throws -> Bool {
        if let known = try canReceive(count) { return known }
        return try await waitForBytes(count, until: deadline)
    }

    /// The same, for a task that ``canReceive(_:)`` has told to wait. In its caller's frame: one of
    /// its own would cost as much as a look at what came.
    @inline(__always)
    nonisolated(nonsending) func waitForBytes(
        _ count: Int, until deadline: EventLoop.Instant? = nil
    ) async throws -> Bool {
        isReceiving = true
        defer { isReceiving = false }
        while true {
            needed = count
            if let parking = prepareToReceive(deadline, isolation: #isolation) {
                await parking.wait()
                loop.assertOnThread()
            } else {
                await waitWatched(deadline)
            }
            if let answer = try outcomeOfReceiving(count) { return answer }
        }
    }

    /// Prepares the wait that is the cheapest, of a task that is watched already; nil for others.
    private func prepareToReceive(
        _ deadline: EventLoop.Instant?, isolation: (any Actor)?
    ) -> Parking? {
        prepareToWait()
        guard deadline == nil, isCovered else { return nil }
        return withLoopCore { receiver.prepare(isolation: isolation, on: $0) }
    }

    // Apart: what it keeps while it waits is not to be in the frame of every receive.
    @inline(never)
    private nonisolated(nonsending) func waitWatched(_ deadline: EventLoop.Instant?) async {
        _ = await receiver.wait(on: loop, until: deadline)
    }

    private func outcomeOfReceiving(_ count: Int) throws -> Bool? {
        switch receiver.outcome {
        case .woken: try hasReceived(count)
        case .cancelled: throw CancellationError()
        case .timedOut: throw StreamError.timedOut
        }
    }

    /// Waits until so many bytes have come to the caller's memory, which is as long at least, or
    /// the stream ends; nothing else can be taken. Returns how many came.
    nonisolated(nonsending) func waitForBytes(
        _ count: Int, into memory: UnsafeMutableRawBufferPointer, filled: Int,
        until deadline: EventLoop.Instant?
    ) async throws -> Int {
        (self.memory, targetFilled, hasTarget) = (memory, filled, true)
        defer { (self.memory, targetFilled, hasTarget) = (Self.nothing, 0, false) }
        do {
            _ = try await waitForBytes(count, until: deadline)
        } catch {
            putBackTarget()
            throw error
        }
        let filled = targetFilled
        // Those of a record that has not come whole stay to be received.
        if filled < count { putBackTarget() }
        return filled
    }

    /// Bytes that came for a wait that failed are the next receiver's.
    private func putBackTarget() {
        guard targetFilled > 0, !isClosed else { return }
        neededReadAhead.buffer.append(UnsafeRawBufferPointer(rebasing: memory[..<targetFilled]))
        targetFilled = 0
    }

    /// Sees to it that bytes are read, and that a connection at rest has no memory for them.
    private func prepareToWait() {
        guard let readAhead else { return }
        if readAhead.isFull {
            readAhead.isFull = false
            transport.continueReading()
        }
        if readAhead.shrink() { self.readAhead = nil }
    }

    // MARK: Taking

    /// Lends bytes that are there, and removes them unless the body throws.
    @inline(__always)
    func take<R>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        if memory.count > 0 {
            let result = try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
            memory = UnsafeMutableRawBufferPointer(rebasing: memory[count...])
            return result
        }
        guard let readAhead else { return try body(UnsafeRawBufferPointer(Self.nothing)) }
        let result = try readAhead.buffer.withUnsafeBytes {
            try body(UnsafeRawBufferPointer(rebasing: $0[..<count]))
        }
        readAhead.buffer.removeFirst(count)
        return result
    }

    /// Lends all bytes that are there, and removes nothing.
    func look<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        if memory.count > 0 { return try body(UnsafeRawBufferPointer(memory)) }
        guard let readAhead else { return try body(UnsafeRawBufferPointer(Self.nothing)) }
        return try readAhead.buffer.withUnsafeBytes(body)
    }
}
