import CUV

extension Transport {
    /// Stops reading: no bytes are delivered until ``resumeReading()``, and the peer is slowed down
    /// by the network. Idempotent; may be called in `connectionMade`.
    ///
    /// That the peer goes is noticed all the same, a moment later: a reset ends the connection, and
    /// an end of file is told if no bytes wait before it. The writing end of a pipe has nothing to
    /// pause.
    ///
    /// Binds `uv_read_stop`.
    public func pauseReading() {
        loop.assertOnThread()
        guard !state.isReadingPaused, state.reading != .never else { return }
        state.isReadingPaused = true
        updateReading()
        if state.delivers { watchWhilePaused() }
    }

    /// Reads again. Idempotent. Binds `uv_read_start`.
    public func resumeReading() {
        loop.assertOnThread()
        guard state.isReadingPaused else { return }
        state.isReadingPaused = false
        stopWatching()
        updateReading()
    }

    /// As ``pauseReading()``, for a pause in which nobody needs to hear that the peer goes.
    func holdReading() {
        state.isReadingPaused = true
        updateReading()
    }

    /// Ends what ``holdReading()`` began.
    func continueReading() {
        state.isReadingPaused = false
        updateReading()
    }

    /// Whether bytes are delivered as they come.
    public var isReadingPaused: Bool { state.isReadingPaused }

    /// Makes libuv read, or not, as the state wants it.
    func updateReading() {
        let wants = state.wantsReading
        guard wants != isReading, !isAllocating, isOpen else { return }
        input = wants ? .reading : .stopped
        if wants {
            let result = StreamCallbacks.startReading(stream)
            if result < 0 { fail(UVError(rawValue: result)) }
        } else {
            uv_read_stop(stream)
        }
    }

    // MARK: Called by libuv

    /// Where the next bytes go. An empty buffer makes libuv call ``didRead(_:_:)`` at once, with
    /// `UV_ENOBUFS`.
    @inline(__always)
    func provideBuffer(_ hint: Int) -> uv_buf_t {
        withCore { core in
            guard state.delivers else { return Self.buffer(core.readBuffers.small) }
            guard asksUserForBuffer else {
                return Self.buffer(callOwnBuffer() ?? core.readBuffers.buffer(for: readSizing))
            }
            if core.isDebug { return askForBufferWatched(hint) }
            return askForBuffer(hint, core, isWatched: false)
        }
    }

    @inline(never)
    private func askForBufferWatched(_ hint: Int) -> uv_buf_t {
        withCore { askForBuffer(hint, $0, isWatched: true) }
    }

    /// Asks the user's protocol, which may do anything at all before it answers.
    @inline(__always)
    private func askForBuffer(_ hint: Int, _ core: LoopCore, isWatched: Bool) -> uv_buf_t {
        let askedObject = objectIdentity
        input = .allocating
        var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        let error = core.caught(
            .protocolMethod("getBuffer"), madeAt: debugPlace, isWatched: isWatched
        ) {
            buffer = try callGetBuffer(hint)
        }
        input = .reading
        // The callback may have failed, paused, closed, or put another protocol in charge.
        guard error == nil, state.delivers, state.wantsReading, askedObject == objectIdentity
        else { return noBuffer(error) }
        return buffer.count > 0 ? Self.buffer(buffer) : noBuffer(UVError.noBufferSpace)
    }

    /// Makes libuv come back without having read, and remembers why, if it is a failure.
    @inline(never)
    private func noBuffer(_ error: (any Error)?) -> uv_buf_t {
        if let error { neededExtras.allocationError = error }
        return uv_buf_t()
    }

    @inline(__always)
    private static func buffer(_ memory: UnsafeMutableRawBufferPointer) -> uv_buf_t {
        uv_buf_t(UnsafeRawBufferPointer(memory))
    }

    @inline(__always)
    func didRead(_ count: Int, _ base: UnsafeMutableRawPointer?) {
        if count > 0 {
            deliver(count, base.unsafelyUnwrapped)
        } else if count < 0 {
            readingEnded(Int32(truncatingIfNeeded: count))
        }
        withCore { $0.drainIfNeeded() }
    }

    @inline(__always)
    private func deliver(_ count: Int, _ base: UnsafeMutableRawPointer) {
        guard state.delivers else { return }
        withCore { $0.epoch &+= 1 }
        receivedByteCount &+= count
        readSizing.note(count)
        if withCore({ $0.isDebug }) { return callReceivedWatched(base, count) }
        if let error = callReceived(base, count, isWatched: false) { fail(error) }
    }

    @inline(never)
    private func callReceivedWatched(_ base: UnsafeMutableRawPointer, _ count: Int) {
        if let error = callReceived(base, count, isWatched: true) { fail(error) }
    }

    private func readingEnded(_ code: Int32) {
        switch code {
        case UV_EOF.rawValue:
            input = .stopped
            perform(state.endOfFile())
        case UV_ENOBUFS.rawValue:
            didNotProvideBuffer()
        default:
            input = .stopped
            fail(UVError(rawValue: code))
        }
    }

    /// The protocol gave no buffer: it failed, or it did something that had to wait until now.
    private func didNotProvideBuffer() {
        let error = extras?.allocationError
        extras?.allocationError = nil
        if state.phase == .closed {
            closeUnlessAllocating()
        } else if let error {
            fail(error)
        } else {
            updateReading()
        }
    }
}
