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
            if needed <= ReadAhead.standardLimit, readAhead?.leavesReading ?? true { return nil }
        }
        return reserve()
    }

    @inline(never)
    private func reserve() -> UnsafeMutableRawBufferPointer {
        // A wait that was cut off and whose task has not run yet: what came for it goes first.
        if hasTarget, receiver.outcome != .woken { putBackTarget() }
        let ahead = neededReadAhead
        guard receiver.isOccupied else { return ahead.buffer.reserve(1) }
        if ahead.readsHeadAlone(needed) {
            return UnsafeMutableRawBufferPointer(rebasing: ahead.buffer.reserve(needed)[..<needed])
        }
        // Beyond the limit, too, in pieces worth a system call: who looks for a delimiter needs
        // only one byte more each time.
        let count = ahead.buffer.count
        let worthwhile = ahead.buffer.isFull ? min(count, ReadAhead.standardLimit) : 1
        return ahead.buffer.reserve(max(needed - count, worthwhile))
    }

    @inline(__always)
    func received(_ base: UnsafeMutableRawPointer, _ count: Int) {
        let isShared = withLoopCore { $0.readBuffers.haveBase(base) }
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
            let ahead = neededReadAhead
            ahead.buffer.commit(count)
            if ahead.buffer.count > ReadAhead.standardLimit { ahead.wasLarge = true }
            if ahead.buffer.count >= needed { wakeReceiverNow() }
        }
    }

    /// The loop's memory is for the next who reads.
    @inline(never)
    private func keepLent() {
        withTransport { $0.readSizing = .fixed }
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
        guard ahead.buffer.isFull, !ahead.isFull, !receiver.isOccupied else { return }
        ahead.isFull = true
        transport.holdReading()
        transport.extras?.whenStill?()
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

    @inline(__always)
    private func hasReceived(_ count: Int) throws(StreamError) -> ReceiveStep? {
        if isClosed { throw .closed }
        if availableCount >= count { return .ready }
        if isGone || hasReadEnd { return try hasEnded() }
        return nil
    }

    @inline(never)
    private func hasEnded() throws(StreamError) -> ReceiveStep {
        if hasReadEnd { return .ended }
        if let failure { throw .broken(failure) }
        // Gone without an end: the loop is closing.
        throw .closed
    }

    /// Checks that the calling task may receive, and whether it has to wait for that: nil if
    /// neither so many bytes are there nor the end of the stream.
    @inline(__always)
    func canReceive(_ count: Int) throws(StreamError) -> ReceiveStep? {
        // A task that was started while bytes are lent, and runs at once, must not take them, too.
        if isReceiving || isLending { throw .busy }
        return try hasReceived(count)
    }

    /// Whether the calling task is one whose cancellation is watched, and it is not cancelled.
    @inline(__always)
    var isInScope: Bool {
        guard let task = swift_task_getCurrent() else { return false }
        return covers(task) && !swift_task_isCancelled(task)
    }

    /// Begins to receive: says whether so many bytes are there, or prepares the cheapest wait for
    /// them.
    func beginReceiving(_ count: Int, isolation: (any Actor)?) throws(StreamError) -> ReceiveStep {
        try canReceive(count) ?? prepareToPark(count, isolation: isolation)
    }

    /// The same for a task without isolation, if it is in scope, nothing is there, and nothing else
    /// is to be said; false if that takes a closer look.
    @inline(__always)
    func parksAtOnce(_ count: Int) -> Bool {
        guard !flags[.notToReceive], memory.count == 0, readAhead == nil, isInScope else {
            return false
        }
        park(count, isolation: nil)
        return true
    }

    /// What comes after the wait that ``ReceiveStep/park`` has asked for.
    @inline(never)
    func goOnReceiving(_ count: Int, isolation: (any Actor)?) throws -> ReceiveStep {
        isReceiving = false
        return try outcomeOfReceiving(count) ?? prepareToPark(count, isolation: isolation)
    }

    /// The same, if so many bytes have been lent; false if that takes a closer look.
    @inline(__always)
    func hasJustReceived(_ count: Int) -> Bool {
        guard receiver.outcome == .woken, !flags[[.closed, .target]], memory.count >= count else {
            return false
        }
        isReceiving = false
        return true
    }

    private func prepareToPark(_ count: Int, isolation: (any Actor)?) -> ReceiveStep {
        guard covers(swift_task_getCurrent()) else { return .wait }
        prepareToWait(count)
        park(count, isolation: isolation)
        return .park
    }

    @inline(__always)
    private func park(_ count: Int, isolation: (any Actor)?) {
        isReceiving = true
        needed = count
        withLoopCore { receiver.prepare(isolation: isolation, on: $0) }
    }

    /// Waits until so many bytes can be taken. False if the stream ends before.
    nonisolated(nonsending) func hasBytes(
        _ count: Int, until deadline: EventLoop.Instant?
    ) async throws -> Bool {
        if deadline == nil {
            var step = try beginReceiving(count, isolation: #isolation)
            while step == .park {
                await parking.wait()
                loop.assertOnThread()
                step = try goOnReceiving(count, isolation: #isolation)
            }
            if step != .wait { return step == .ready }
        }
        return try await waitForBytes(count, until: deadline)
    }

    /// The same, of a task whose cancellation nobody watches yet, or with a deadline. Apart: what
    /// it keeps while it waits is not to be in the frame of every receive.
    @inline(never)
    private nonisolated(nonsending) func waitForBytes(
        _ count: Int, until deadline: EventLoop.Instant?
    ) async throws -> Bool {
        if let known = try canReceive(count) { return known == .ready }
        isReceiving = true
        defer { isReceiving = false }
        while true {
            prepareToWait(count)
            _ = await receiver.wait(on: loop, until: deadline)
            if let known = try outcomeOfReceiving(count) { return known == .ready }
        }
    }

    private func outcomeOfReceiving(_ count: Int) throws -> ReceiveStep? {
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
            _ = try await hasBytes(count, until: deadline)
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
    private func prepareToWait(_ count: Int) {
        needed = count
        guard let readAhead else { return }
        if readAhead.isFull {
            readAhead.isFull = false
            transport.continueReading()
        }
        if readAhead.shrink(before: count) { self.readAhead = nil }
    }

    // MARK: Taking

    /// Lends bytes that are there, and removes them unless the body throws.
    @inline(__always)
    func take<R>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        if memory.count > 0 {
            let result = try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
            tookLent(count)
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
