import CUV

extension Transport {
    // MARK: Bytes

    /// Writes bytes. They are sent or copied before this returns.
    ///
    /// An error of the network is not thrown: it ends the connection, and `connectionLost` tells.
    ///
    /// Binds `uv_try_write`, `uv_write`.
    ///
    /// - Throws: ``UVError/shutDown`` after ``writeEOF()``; ``UVError/notConnected`` after
    ///   ``close()`` and ``abort()``, and once the connection is lost; ``UVError/notSupported`` for
    ///   the reading end of a pipe.
    @inline(__always)
    public func write(_ bytes: UnsafeRawBufferPointer) throws(UVError) {
        let sent = try sendNow(bytes)
        if sent < bytes.count { queueCopy(of: bytes, from: sent) }
    }

    /// Writes the bytes of an array, which is kept, not copied, if they have to be queued.
    ///
    /// - Throws: as ``write(_:)-(UnsafeRawBufferPointer)``.
    public func write(_ bytes: [UInt8]) throws(UVError) {
        let sent = try bytes.withUnsafeBytes { bytes in
            Result { () throws(UVError) in try sendNow(bytes) }
        }.get()
        if sent < bytes.count { queue(OutboundChunk(keeping: bytes, from: sent)) }
    }

    /// Writes the bytes of a span, such as the one that `dataReceived` was handed.
    ///
    /// - Throws: as ``write(_:)-(UnsafeRawBufferPointer)``.
    public func write(_ bytes: RawSpan) throws(UVError) {
        try bytes.withUnsafeBytes { bytes throws(UVError) in try write(bytes) }
    }

    /// Writes a string literal's bytes, which need never be copied.
    ///
    /// - Throws: as ``write(_:)-(UnsafeRawBufferPointer)``.
    public func write(_ text: StaticString) throws(UVError) {
        guard text.hasPointerRepresentation else { return try write(text.description) }
        let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        let sent = try sendNow(bytes)
        if sent < bytes.count {
            queue(OutboundChunk(static: UnsafeRawBufferPointer(rebasing: bytes[sent...])))
        }
    }

    /// Writes the bytes of a string (as UTF-8), a slice, or any other ``ByteContainer``.
    ///
    /// - Throws: as ``write(_:)-(UnsafeRawBufferPointer)``.
    public func write(_ bytes: some ByteContainer) throws(UVError) {
        try bytes.withUnsafeBytes { bytes in Result { () throws(UVError) in try write(bytes) } }
            .get()
    }

    /// Writes any other collection of bytes, such as Foundation's `Data`; in place if it is
    /// contiguous.
    ///
    /// - Throws: as ``write(_:)-(UnsafeRawBufferPointer)``.
    @_disfavoredOverload
    public func write(_ bytes: some Collection<UInt8>) throws(UVError) {
        try bytes.withContiguousBytes { bytes in Result { () throws(UVError) in try write(bytes) } }
            .get()
    }

    /// Writes several pieces as one: in a single vectored write, if the socket takes them.
    ///
    /// ```swift
    /// try transport.writeAll([header, "\r\n", body])
    /// ```
    ///
    /// - Throws: as ``write(_:)-(UnsafeRawBufferPointer)``; nothing is written then.
    public func writeAll(_ parts: [any ByteContainer]) throws(UVError) {
        try checkWritable()
        var sent = canSendNow ? send(parts[...], []) : 0
        for part in parts {
            let count = part.withUnsafeBytes { $0.count }
            if sent >= count {
                sent -= count
            } else {
                queueRest(of: part, from: sent)
                sent = 0
            }
        }
        // Not before: what the protocol does when it is paused must not get between the parts.
        pauseIfNeeded()
    }

    /// Borrows part after part, then writes what all of them lent. Returns how many bytes went.
    private func send(_ parts: ArraySlice<any ByteContainer>, _ lent: [uv_buf_t]) -> Int {
        guard let part = parts.first, lent.count < Self.mostParts else { return send(lent) }
        return part.withUnsafeBytes { bytes in
            send(parts.dropFirst(), bytes.isEmpty ? lent : lent + [uv_buf_t(bytes)])
        }
    }

    /// The most pieces that one system call takes.
    private static var mostParts: Int { 1_024 }

    private func queueRest(of part: any ByteContainer, from offset: Int) {
        if let array = part as? [UInt8] {
            append(OutboundChunk(keeping: array, from: offset))
        } else {
            part.withUnsafeBytes {
                append(OutboundChunk(copying: UnsafeRawBufferPointer(rebasing: $0[offset...])))
            }
        }
    }

    // MARK: Back-pressure

    /// How many bytes are queued, here and in libuv, and not yet taken by the system.
    public var bufferedByteCount: Int {
        guard isOpen else { return 0 }
        return (extras?.queuedByteCount ?? 0) + stream.pointee.write_queue_size
    }

    /// Sets between which amounts of queued bytes the protocol is paused and resumed: it is paused
    /// strictly above `high`, resumed at `low` or below. At first 65,536 and 16,384.
    ///
    /// - Parameters:
    ///   - low: nil for a quarter of `high`.
    ///   - high: nil for four times `low`. With neither, the marks become what they were at first.
    /// - Throws: ``UVError/invalidArgument`` unless 0 ≤ low ≤ high.
    public func setWriteBufferLimits(low: Int? = nil, high: Int? = nil) throws(UVError) {
        loop.assertOnThread()
        neededExtras.marks = try WaterMarks(low: low, high: high)
        pauseIfNeeded()
    }

    /// The amounts of queued bytes between which the protocol is resumed and paused.
    public var writeBufferLimits: (low: Int, high: Int) {
        let marks = extras?.marks ?? .standard
        return (marks.low, marks.high)
    }

    /// Whether the protocol has been told to pause and not yet to resume.
    public var isWritingPaused: Bool { state.isWritingPaused }

    private func pauseIfNeeded() {
        guard !state.isWritingPaused, let extras, bufferedByteCount > extras.marks.high else {
            return
        }
        state.isWritingPaused = true
        _ = call("pauseWriting") { try $0.pauseWriting($1) }
    }

    // MARK: The way out

    @inline(__always)
    private func checkWritable() throws(UVError) {
        loop.assertOnThread()
        guard state.canWrite else { throw state.refusalToWrite }
    }

    private var canSendNow: Bool {
        @inline(__always) get {
            extras.map { !$0.hasQueue && !$0.budget.isSpent(in: loop.core.epoch) } ?? true
        }
    }

    /// Tries the socket, if nothing is queued before and the budget is not spent. Returns how many
    /// bytes it took.
    @inline(__always)
    private func sendNow(_ bytes: UnsafeRawBufferPointer) throws(UVError) -> Int {
        try checkWritable()
        guard canSendNow, bytes.count > 0 else { return 0 }
        var buffer = uv_buf_t(bytes)
        return taken(uv_try_write(stream, &buffer, 1), of: bytes.count)
    }

    /// Writes what the system takes at once, and keeps nothing of the rest. Returns how many bytes
    /// it took: none if something is queued, which goes first, or if half a MiB has been written
    /// without a pause. The rest is for ``write(_:)-(UnsafeRawBufferPointer)``.
    ///
    /// Binds `uv_try_write`.
    ///
    /// - Throws: as ``write(_:)-(UnsafeRawBufferPointer)``.
    public func tryWrite(_ bytes: UnsafeRawBufferPointer) throws(UVError) -> Int {
        try sendNow(bytes)
    }

    private func send(_ buffers: [uv_buf_t]) -> Int {
        guard !buffers.isEmpty else { return 0 }
        return taken(
            uv_try_write(stream, buffers, UInt32(buffers.count)),
            of: buffers.reduce(0) { $0 + $1.len })
    }

    @inline(__always)
    private func taken(_ result: Int32, of count: Int) -> Int {
        if result >= 0 {
            let before = sentByteCount
            sentByteCount = before &+ Int(result)
            if WriteBudget.isPassed(from: before, to: sentByteCount) { passBudget() }
            return Int(result)
        }
        return notTaken(result, of: count)
    }

    @inline(never)
    private func passBudget() {
        neededExtras.budget.pass(in: loop.core.epoch)
    }

    @inline(never)
    private func notTaken(_ result: Int32, of count: Int) -> Int {
        if result == UV_EAGAIN.rawValue { return 0 }
        // The bytes are lost with the connection, and `connectionLost` says so.
        failWriting(UVError(rawValue: result))
        return count
    }

    @inline(never)
    private func queueCopy(of bytes: UnsafeRawBufferPointer, from offset: Int) {
        queue(OutboundChunk(copying: UnsafeRawBufferPointer(rebasing: bytes[offset...])))
    }

    private func queue(_ chunk: OutboundChunk) {
        append(chunk)
        pauseIfNeeded()
    }

    private func append(_ chunk: OutboundChunk) {
        guard state.canWrite else { return chunk.free() }
        let extras = neededExtras
        extras.append(chunk)
        if !extras.isCorked, !extras.isWriteUnderWay, !extras.isFlushScheduled {
            extras.isFlushScheduled = true
            loop.core.scheduleFlush(self)
        }
    }

    /// Hands all that is queued to libuv, in one vectored write.
    func flush() {
        guard let extras else { return }
        extras.isFlushScheduled = false
        guard isOpen, state.phase != .closed, !extras.isWriteUnderWay, !extras.chunks.isEmpty else {
            return
        }
        extras.isWriteUnderWay = true
        let result = WriteRequest.start(extras.takeChunks(), on: self)
        if result < 0 {
            extras.isWriteUnderWay = false
            failWriting(UVError(rawValue: result))
        }
    }

    /// A write of ours has ended.
    func writeEnded(_ status: Int32, byteCount: Int) {
        guard let extras else { return }
        extras.isWriteUnderWay = false
        guard state.phase != .closed else { return }
        guard status == 0 else { return failWriting(UVError(rawValue: status)) }
        sentByteCount += byteCount
        resumeIfPossible(extras)
        flush()
        if hasSentAll {
            perform(state.flushed())
            extras.flushed?.wake(loop.core)
        }
        loop.core.drainIfNeeded()
    }

    /// Writing has failed: that ends the connection, unless the protocol wants what the peer sent
    /// before it went.
    @inline(never)
    func failWriting(_ error: UVError) {
        guard state.canFailWriting, callWritingFailed(error) else { return fail(error) }
        extras?.dropQueue()
        state.isWritingPaused = false
        perform(state.writingFailed())
    }

    /// Whether the system has taken everything.
    var hasSentAll: Bool { extras.map { !$0.hasQueue } ?? true }

    /// Tells the protocol to go on, and gathers what it writes then: one large write costs the
    /// kernel less than many small ones.
    private func resumeIfPossible(_ extras: ConnectionExtras) {
        guard state.isWritingPaused, bufferedByteCount <= extras.marks.low else { return }
        state.isWritingPaused = false
        extras.isCorked = true
        _ = call("resumeWriting") { try $0.resumeWriting($1) }
        extras.isCorked = false
    }
}
