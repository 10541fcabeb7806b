extension SocketStream {
    // MARK: Sending

    /// Sends the bytes of an array. Returns when they are taken: by the system or, up to the
    /// high-water mark, into the queue. What is queued is kept, not copied.
    ///
    /// Binds `uv_try_write`, `uv_write`.
    ///
    /// - Parameter timeout: how long to wait at most; nil for ever.
    /// - Throws: ``StreamError/busy``; ``StreamError/closed``, also if that comes while this waits;
    ///   ``StreamError/broken(_:)``; ``StreamError/timedOut`` and `CancellationError`: then nobody
    ///   knows how much was sent, and the sending side is done.
    @inlinable
    public nonisolated(nonsending) func send(
        _ bytes: [UInt8], timeout: Duration? = nil
    ) async throws {
        // What is over at once is done in the caller's own frame: another costs as much as the
        // write's bookkeeping.
        let isOver = try sendNow(bytes)
        if isOver == true { return }
        try await finishSending(isOver == nil ? bytes : nil, timeout)
    }

    /// Sends if that can be over at once. False if what has been written has to be waited for, nil
    /// if the calling task is elsewhere and nothing has been done.
    @usableFromInline
    func sendNow(_ bytes: [UInt8]) throws -> Bool? {
        guard isOnThread else { return nil }
        return try isSent(bytes.isEmpty) { try $0.write(bytes) }
    }

    /// Sends these bytes from elsewhere, or waits for those that have been written.
    @usableFromInline
    nonisolated(nonsending) func finishSending(
        _ bytes: [UInt8]?, _ timeout: Duration?
    ) async throws {
        if let bytes { return try await sendElsewhere(bytes, timeout) }
        try await finishSending(timeout)
    }

    /// Waits for what has been written.
    private nonisolated(nonsending) func finishSending(_ timeout: Duration?) async throws {
        let deadline = Self.deadline(timeout)
        guard isHome() else {
            return try await loop.visit { try await self.core.finishSending(until: deadline) }
        }
        try await core.finishSending(until: deadline)
    }

    /// Gives bytes to the transport. False if that is not all there is to sending them.
    @inline(__always)
    private func isSent(_ isEmpty: Bool, _ write: (Transport) throws -> Void) throws -> Bool {
        do {
            try checkCancellation()
        } catch {
            // As if it had been cut off a moment later: nobody can tell the two apart.
            if !isEmpty, !core.isSending { core.isCutOff = true }
            throw error
        }
        try core.checkCanSend()
        if isEmpty { return true }
        try core.withTransport(write)
        return !core.mayHaveToWait
    }

    // Apart: what it keeps while it waits is not to be in the frame of every send.
    @inline(never)
    private nonisolated(nonsending) func sendElsewhere(
        _ bytes: some ByteContainer & Sendable, _ timeout: Duration?
    ) async throws {
        try await loop.visit { try await self.send(bytes, timeout: timeout) }
    }

    /// Sends the bytes of a string (as UTF-8), a slice, or any other ``ByteContainer``.
    ///
    /// - Throws: as ``send(_:timeout:)-([UInt8],_)``.
    public nonisolated(nonsending) func send(
        _ bytes: some ByteContainer & Sendable, timeout: Duration?
    ) async throws {
        guard isOnThread else { return try await sendElsewhere(bytes, timeout) }
        guard try isSent(bytes.withUnsafeBytes(\.isEmpty), { try $0.write(bytes) }) else {
            return try await finishSending(timeout)
        }
    }

    /// Sends the bytes of a string (as UTF-8), a slice, or any other ``ByteContainer``.
    ///
    /// - Throws: as ``send(_:timeout:)-([UInt8],_)``.
    public nonisolated(nonsending) func send(_ bytes: some ByteContainer & Sendable) async throws {
        try await send(bytes, timeout: nil)
    }

    /// Sends bytes in the caller's memory, which has to stay valid until this returns. What the
    /// system does not take at once is copied.
    ///
    /// - Throws: as ``send(_:timeout:)-([UInt8],_)``.
    public nonisolated(nonsending) func send(
        _ bytes: UnsafeRawBufferPointer, timeout: Duration? = nil
    ) async throws {
        guard isOnThread else {
            // Sound: the caller waits until this has returned.
            nonisolated(unsafe) let bytes = bytes
            return try await loop.visit { try await self.send(bytes, timeout: timeout) }
        }
        guard try isSent(bytes.isEmpty, { try $0.write(bytes) }) else {
            return try await finishSending(timeout)
        }
    }

    /// Sends as many of the bytes as the system takes at once, without waiting, and keeps nothing
    /// of the rest. The way to answer out of what ``withReceived(upTo:timeout:_:)`` lends:
    ///
    /// ```swift
    /// var rest: [UInt8] = []
    /// while try await stream.withReceived({ rest = try stream.trySend($0) }) != nil {
    ///     if !rest.isEmpty { try await stream.send(rest) }
    /// }
    /// ```
    ///
    /// Binds `uv_try_write`.
    ///
    /// - Returns: a copy of what was not taken, for ``send(_:timeout:)-([UInt8],_)``: all of it if
    ///   something is queued that goes first, or if the calling thread is not the loop's.
    /// - Throws: ``StreamError/busy``, ``StreamError/closed``, ``StreamError/broken(_:)`` and
    ///   `CancellationError`; nothing has been sent then.
    public func trySend(_ bytes: RawSpan) throws -> [UInt8] {
        try checkCancellation()
        // Sound: they are lent until this returns. As a closure all of this would cost more.
        let bytes = bytes.withUnsafeBytes { $0 }
        guard isOnThread else { return Array(bytes) }
        try core.checkCanSend()
        let sent = try core.withTransport { try $0.tryWrite(bytes) }
        return sent < bytes.count ? Array(bytes[sent...]) : []
    }

    /// Sends any other collection of bytes, such as Foundation's `Data`.
    ///
    /// - Throws: as ``send(_:timeout:)-([UInt8],_)``.
    @_disfavoredOverload
    public nonisolated(nonsending) func send(
        _ bytes: some Collection<UInt8>, timeout: Duration? = nil
    ) async throws {
        try await send(Array(bytes), timeout: timeout)
    }

    /// Sends several pieces as one: in a single vectored write, if the system takes them.
    ///
    /// ```swift
    /// try await stream.sendAll([header, "\r\n", body])
    /// ```
    ///
    /// - Throws: as ``send(_:timeout:)-([UInt8],_)``.
    public nonisolated(nonsending) func sendAll(
        _ parts: [any ByteContainer & Sendable], timeout: Duration? = nil
    ) async throws {
        guard isOnThread else {
            return try await loop.visit { try await self.sendAll(parts, timeout: timeout) }
        }
        guard
            try isSent(
                parts.allSatisfy { $0.withUnsafeBytes(\.isEmpty) }, { try $0.writeAll(parts) })
        else {
            return try await finishSending(timeout)
        }
    }

    /// Returns when a send would probably not have to wait: what is queued is not above the
    /// high-water mark, or has sunk to the low one since it was.
    ///
    /// - Throws: as ``send(_:timeout:)-([UInt8],_)``, but a wait that is cut off changes nothing.
    public nonisolated(nonsending) func waitForRoom(timeout: Duration?) async throws {
        guard isHome() else {
            return try await loop.visit { try await self.waitForRoom(timeout: timeout) }
        }
        try checkCancellation()
        try core.checkCanSend()
        if core.isClogged { try await core.waitForRoom(until: Self.deadline(timeout)) }
    }

    /// Returns when a send would probably not have to wait; see ``waitForRoom(timeout:)``.
    public nonisolated(nonsending) func waitForRoom() async throws {
        try await waitForRoom(timeout: nil)
    }
}
