import CUV

// The way in: from libuv's callbacks to the task that waits for bytes.
extension StreamCore {
    /// A buffer of more than this is worth keeping while it is empty, for a while.
    private static let smallBuffer = 65_536

    private static var nothing: UnsafeRawBufferPointer { .init(start: nil, count: 0) }
    private static var nowhere: UnsafeMutableRawBufferPointer { .init(start: nil, count: 0) }

    // MARK: What libuv calls

    /// Where the next bytes go; nil for the loop's memory.
    @inline(__always)
    func provideBuffer() -> UnsafeMutableRawBufferPointer? {
        let isAwaited = receiver?.isOccupied ?? false
        if isAwaited {
            if target.baseAddress != nil {
                readsInto = .target
                return UnsafeMutableRawBufferPointer(rebasing: target[targetFilled...])
            }
            if buffer.isEmpty, needed <= Self.smallBuffer {
                readsInto = .shared
                return nil
            }
        }
        readsInto = .buffer
        return buffer.reserve(isAwaited ? max(needed - buffer.count, 1) : 1)
    }

    @inline(__always)
    func received(_ base: UnsafeMutableRawPointer, _ count: Int) {
        switch readsInto {
        case .shared:
            guard count >= needed else {
                keep(UnsafeRawBufferPointer(start: base, count: count))
                break
            }
            lent = UnsafeRawBufferPointer(start: base, count: count)
            wakeReceiverNow()
            if lent.count > 0 { keepLent() }
        case .target:
            targetFilled += count
            if targetFilled >= needed { wakeReceiverNow() }
        case .buffer:
            buffer.commit(count)
            if buffer.count >= needed { wakeReceiverNow() }
        }
        if !buffer.isEmpty { restIfFull() }
    }

    /// The loop's memory is for the next who reads.
    @inline(never)
    private func keepLent() {
        if !isClosed { keep(lent) }
        lent = Self.nothing
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) {
        // All that is needed must come to lie in one piece.
        _ = buffer.reserve(max(needed, bytes.count))
        buffer.append(bytes)
    }

    /// Lets the network wait if nobody takes what has come.
    private func restIfFull() {
        if buffer.capacity > Self.smallBuffer { usesLargeBuffer = true }
        guard buffer.isFull, receiver?.isOccupied != true, !isHolding else { return }
        isHolding = true
        transport.holdReading()
    }

    // MARK: Waiting

    /// How many bytes can be taken at once.
    var availableCount: Int {
        @inline(__always)
        get { lent.count > 0 ? lent.count : targetFilled > 0 ? targetFilled : buffer.count }
    }

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
        if let failure { throw .broken(failure) }
        // Gone without an end: the loop is closing.
        if !hasReadEnd { throw .closed }
        return false
    }

    /// Waits until so many bytes can be taken. False if the stream ends before.
    @inline(__always)
    nonisolated(nonsending) func hasBytes(
        _ count: Int, until deadline: EventLoop.Instant?
    ) async throws -> Bool {
        if let known = try canReceive(count) { return known }
        return try await waitForBytes(count, until: deadline)
    }

    /// The same, for a task that ``canReceive(_:)`` has told to wait.
    nonisolated(nonsending) func waitForBytes(
        _ count: Int, until deadline: EventLoop.Instant? = nil
    ) async throws -> Bool {
        isReceiving = true
        defer { isReceiving = false }
        while true {
            needed = count
            if let parking = prepareToReceive(deadline, isolation: #isolation) {
                await parking.wait()
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
        let room = receiverRoom
        guard deadline == nil else { return nil }
        return withLoopCore { room.prepare(cover, isolation: isolation, on: $0) }
    }

    // Apart: what it keeps while it waits is not to be in the frame of every receive.
    @inline(never)
    private nonisolated(nonsending) func waitWatched(_ deadline: EventLoop.Instant?) async {
        _ = await receiverRoom.wait(on: loop, until: deadline)
    }

    private func outcomeOfReceiving(_ count: Int) throws -> Bool? {
        switch receiverRoom.outcome {
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
        (target, targetFilled) = (memory, filled)
        defer { (target, targetFilled) = (Self.nowhere, 0) }
        do {
            _ = try await waitForBytes(count, until: deadline)
        } catch {
            putBackTarget()
            throw error
        }
        // Those of a record that has not come whole stay to be received.
        if targetFilled < count { putBackTarget() }
        return targetFilled
    }

    /// Bytes that came for a wait that failed are the next receiver's.
    private func putBackTarget() {
        guard targetFilled > 0, !isClosed else { return }
        buffer.append(UnsafeRawBufferPointer(rebasing: target[..<targetFilled]))
    }

    private var receiverRoom: WaitingRoom {
        if let receiver { return receiver }
        let room = WaitingRoom()
        receiver = room
        return room
    }

    /// Sees to it that bytes are read, and that a connection at rest has no memory for them. A
    /// small buffer is cheap to get again; a large one is kept if it was used since the last wait.
    private func prepareToWait() {
        if isHolding {
            isHolding = false
            transport.continueReading()
        }
        if buffer.isEmpty, buffer.capacity > 0 {
            if !usesLargeBuffer { buffer.releaseMemoryIfEmpty() }
            usesLargeBuffer = false
        }
    }

    // MARK: Taking

    /// Lends bytes that are there, and removes them unless the body throws.
    @inline(__always)
    func take<R>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        if lent.count > 0 {
            let result = try body(UnsafeRawBufferPointer(rebasing: lent[..<count]))
            // The body may have ended the stream.
            if count <= lent.count { lent = UnsafeRawBufferPointer(rebasing: lent[count...]) }
            return result
        }
        let result = try buffer.withUnsafeBytes {
            try body(UnsafeRawBufferPointer(rebasing: $0[..<count]))
        }
        if count <= buffer.count { buffer.removeFirst(count) }
        return result
    }

    /// Lends all bytes that are there, and removes nothing.
    func look<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        lent.count > 0 ? try body(lent) : try buffer.withUnsafeBytes(body)
    }
}
