extension SocketStream {
    // MARK: Receiving

    /// Waits for bytes and returns what is there, at least one; nil at the end of the stream.
    ///
    /// - Parameters:
    ///   - limit: the most that is returned; the rest stays to be received.
    ///   - timeout: how long to wait at most; nil for ever.
    /// - Throws: ``StreamError/busy``; ``StreamError/closed``, also if that comes while this waits;
    ///   ``StreamError/broken(_:)`` when all that came before has been received;
    ///   ``StreamError/timedOut`` and `CancellationError`, which lose no bytes;
    ///   ``StreamError/invalidArgument`` for a limit below one.
    public nonisolated(nonsending) func receive(
        upTo limit: Int = .max, timeout: Duration?
    ) async throws -> [UInt8]? {
        guard isHome() else { return try await receiveElsewhere(limit, timeout) }
        try checkCancellation()
        guard limit > 0 else { throw StreamError.invalidArgument }
        guard try await core.hasBytes(1, until: Self.deadline(timeout)) else { return nil }
        return takeArray(upTo: limit)
    }

    // Apart, as for sending: what it keeps is not to be in the frame of every receive.
    @inline(never)
    private nonisolated(nonsending) func receiveElsewhere(
        _ limit: Int, _ timeout: Duration?
    ) async throws -> [UInt8]? {
        try await loop.visit { try await self.receive(upTo: limit, timeout: timeout) }
    }

    /// Waits for bytes and returns what is there; see ``receive(upTo:timeout:)``.
    @inlinable
    public nonisolated(nonsending) func receive(upTo limit: Int) async throws -> [UInt8]? {
        var step = ReceiveStep.wait
        if limit > 0 { step = try beginReceiving(1, isolation: #isolation) }
        while step == .park {
            await core.parking.wait()
            step = try goOnReceiving(1, isolation: #isolation)
        }
        return switch step {
        case .ready: takeArray(upTo: limit)
        case .ended: nil
        default: try await receive(upTo: limit, timeout: nil)
        }
    }

    /// Waits for bytes and returns what is there; see ``receive(upTo:timeout:)``.
    @inlinable
    public nonisolated(nonsending) func receive() async throws -> [UInt8]? {
        try await receive(upTo: .max)
    }

    /// Waits for bytes and puts what is there into the caller's memory; straight from the system if
    /// it has to wait.
    ///
    /// - Parameter memory: at least one byte; has to stay valid until this returns.
    /// - Returns: how many bytes came, at least one; 0 at the end of the stream.
    /// - Throws: as ``receive(upTo:timeout:)``.
    public nonisolated(nonsending) func receive(
        into memory: UnsafeMutableRawBufferPointer, timeout: Duration? = nil
    ) async throws -> Int {
        try await receive(1, into: memory, timeout)
    }

    /// Fills the caller's memory; straight from the system but for what had come before.
    ///
    /// - Parameter memory: at least one byte; has to stay valid until this returns.
    /// - Returns: true when it is full, false if the stream has ended before the first byte.
    /// - Throws: ``StreamError/incomplete(available:)`` if the stream ends in between: those bytes
    ///   are still there to be received. Else as ``receive(upTo:timeout:)``.
    public nonisolated(nonsending) func receive(
        filling memory: UnsafeMutableRawBufferPointer, timeout: Duration? = nil
    ) async throws -> Bool {
        let count = try await receive(memory.count, into: memory, timeout)
        guard count < memory.count else { return true }
        if count == 0 { return false }
        throw StreamError.incomplete(available: count)
    }

    private nonisolated(nonsending) func receive(
        _ count: Int, into memory: UnsafeMutableRawBufferPointer, _ timeout: Duration?
    ) async throws -> Int {
        guard isHome() else {
            // Sound: the caller waits until this has returned.
            nonisolated(unsafe) let memory = memory
            return try await loop.visit { try await self.receive(count, into: memory, timeout) }
        }
        try checkCancellation()
        guard !memory.isEmpty else { throw StreamError.invalidArgument }
        if let isThere = try core.canReceive(count) {
            guard isThere == .ready || count > 1 else { return 0 }
            guard isThere == .ready else { return core.availableCount }
            return core.take(Swift.min(memory.count, core.availableCount)) {
                memory.copyMemory(from: $0)
                return $0.count
            }
        }
        let early = core.availableCount
        if early > 0 { core.take(early) { memory.copyMemory(from: $0) } }
        return try await core.waitForBytes(
            count, into: memory, filled: early, until: Self.deadline(timeout))
    }

    /// Receives so many bytes; nil if the stream has ended before the first.
    ///
    /// - Parameter count: at least one. They lie in memory together, so a number that the peer has
    ///   chosen has to be checked first.
    /// - Throws: ``StreamError/incomplete(available:)`` if the stream ends in between: those bytes
    ///   are still there to be received. Else as ``receive(upTo:timeout:)``.
    public nonisolated(nonsending) func receive(
        exactly count: Int, timeout: Duration? = nil
    ) async throws -> [UInt8]? {
        try await withReceived(exactly: count, timeout: timeout) { Array($0) }
    }

    /// Receives up to a delimiter, which is included; nil if the stream has ended before the first
    /// byte.
    ///
    /// - Parameters:
    ///   - delimiter: at least one byte.
    ///   - limit: the most bytes that may come, the delimiter included.
    ///   - timeout: how long to wait at most; nil for ever.
    /// - Throws: ``StreamError/tooLong(limit:)`` if the delimiter is not among so many bytes, and
    ///   ``StreamError/incomplete(available:)`` if the stream ends before it: the bytes are still
    ///   there to be received. Else as ``receive(upTo:timeout:)``.
    public nonisolated(nonsending) func receive(
        until delimiter: some ByteContainer & Sendable, limit: Int = 65_536,
        timeout: Duration? = nil
    ) async throws -> [UInt8]? {
        guard isHome() else {
            return try await loop.visit {
                try await self.receive(until: delimiter, limit: limit, timeout: timeout)
            }
        }
        try checkCancellation()
        let length = delimiter.withUnsafeBytes { $0.count }
        guard length > 0, limit >= length else { throw StreamError.invalidArgument }
        let deadline = Self.deadline(timeout)
        var searched = 0
        var needed = length
        while try await core.hasBytes(needed, until: deadline) {
            let available = core.availableCount
            let found = core.look { bytes in
                delimiter.withUnsafeBytes {
                    ReceiveBuffer.place(of: $0, in: bytes[searched..<Swift.min(limit, available)])
                }
            }
            if let found { return core.take(found + length) { [UInt8]($0) } }
            guard available < limit else { throw StreamError.tooLong(limit: limit) }
            searched = available - length + 1
            needed = available + 1
        }
        let available = core.availableCount
        guard available > 0 else { return nil }
        throw StreamError.incomplete(available: available)
    }

    // MARK: Looking

    /// Lends all the bytes that are there, in place and without a copy, and removes them when the
    /// closure returns; if it throws, they stay. Nil at the end of the stream.
    ///
    /// A task off the loop's thread gets a copy, and calls the closure where it is.
    ///
    /// - Parameter limit: the most bytes that are lent.
    /// - Throws: what the closure throws; as ``receive(upTo:timeout:)``.
    @inlinable
    public nonisolated(nonsending) func withReceived<R>(
        upTo limit: Int = .max, timeout: Duration? = nil, _ body: (RawSpan) throws -> R
    ) async throws -> R? {
        var step = ReceiveStep.wait
        if timeout == nil, limit > 0 { step = try beginReceiving(1, isolation: #isolation) }
        while step == .park {
            await core.parking.wait()
            step = try goOnReceiving(1, isolation: #isolation)
        }
        if step == .wait { step = try await waitForBytes(1, upTo: limit, timeout) }
        return switch step {
        case .ready: try lend(upTo: limit, body)
        case .ended: nil
        default: try await withVisited(1, limit, timeout, body)
        }
    }

    /// Lends so many bytes, in place and in one piece, and removes them when the closure returns;
    /// if it throws, they stay. Nil if the stream has ended before the first.
    ///
    /// - Throws: what the closure throws; as ``receive(exactly:timeout:)``.
    @inlinable
    public nonisolated(nonsending) func withReceived<R>(
        exactly count: Int, timeout: Duration? = nil, _ body: (RawSpan) throws -> R
    ) async throws -> R? {
        var step = ReceiveStep.wait
        if timeout == nil, count > 0 { step = try beginReceiving(count, isolation: #isolation) }
        while step == .park {
            await core.parking.wait()
            step = try goOnReceiving(count, isolation: #isolation)
        }
        if step == .wait { step = try await waitForBytes(count, upTo: count, timeout) }
        switch step {
        case .ready: return try lend(upTo: count, body)
        case .ended: break
        default: return try await withVisited(count, count, timeout, body)
        }
        try checkNothingLeft()
        return nil
    }

    /// Returns the bytes that are there, at least so many, and leaves them to be received. Fewer if
    /// the stream ends before; none at the end.
    ///
    /// - Parameter count: how many bytes to wait for, at least one.
    /// - Throws: as ``receive(upTo:timeout:)``.
    public nonisolated(nonsending) func peek(
        atLeast count: Int = 1, timeout: Duration? = nil
    ) async throws -> [UInt8] {
        guard isHome() else {
            return try await loop.visit { try await self.peek(atLeast: count, timeout: timeout) }
        }
        try checkCancellation()
        guard count > 0 else { throw StreamError.invalidArgument }
        _ = try await core.hasBytes(count, until: Self.deadline(timeout))
        return core.look { [UInt8]($0) }
    }

    /// Off the loop's thread the closure is called here, with a copy of what is there, and the
    /// bytes are removed afterwards. Nobody can take them meanwhile.
    @usableFromInline
    nonisolated(nonsending) func withVisited<R>(
        _ count: Int, _ limit: Int, _ timeout: Duration?, _ body: (RawSpan) throws -> R
    ) async throws -> R? {
        try checkCancellation()
        guard limit > 0 else { throw StreamError.invalidArgument }
        let bytes: [UInt8] = try await loop.visit {
            let bytes = try await self.peek(atLeast: count, timeout: timeout)
            if bytes.count < count, !bytes.isEmpty {
                throw StreamError.incomplete(available: bytes.count)
            }
            if !bytes.isEmpty { self.core.isReceiving = true }
            return Array(bytes.prefix(limit))
        }
        guard !bytes.isEmpty else { return nil }
        let result = Result { try body(bytes.span.bytes) }
        let isDone = if case .success = result { true } else { false }
        try await loop.visit { self.takeVisited(isDone ? bytes.count : 0) }
        return try result.get()
    }

    private func takeVisited(_ count: Int) {
        core.isReceiving = false
        if !core.isClosed { core.take(count) { _ in } }
    }
}
