import CUV

extension Transport {
    /// Stops reading: no bytes are delivered until ``resumeReading()``, and the peer is slowed down
    /// by the network. Idempotent; may be called in `connectionMade`.
    ///
    /// That the peer goes is noticed all the same, a moment later: a reset ends the connection, and
    /// an end of file is told if no bytes wait before it.
    ///
    /// Binds `uv_read_stop`.
    public func pauseReading() {
        loop.assertOnThread()
        guard !state.isReadingPaused else { return }
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

    /// Whether bytes are delivered as they come.
    public var isReadingPaused: Bool { state.isReadingPaused }

    /// Makes libuv read, or not, as the state wants it.
    func updateReading() {
        let wants = state.wantsReading
        guard wants != isReading, !isAllocating, isOpen else { return }
        isReading = wants
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
        guard state.delivers else { return Self.buffer(loop.core.sharedReadBuffer) }
        let askedObject = objectIdentity
        isAllocating = true
        var answer: UnsafeMutableRawBufferPointer?
        let error = loop.core.caught(.protocolMethod("getBuffer")) {
            answer = try callGetBuffer(hint) ?? loop.core.sharedReadBuffer
        }
        isAllocating = false
        if let error {
            neededExtras.allocationError = error
            return uv_buf_t()
        }
        // The callback may have paused, closed, or put another protocol in charge.
        guard state.wantsReading, askedObject == objectIdentity else { return uv_buf_t() }
        guard let buffer = answer, buffer.count > 0 else {
            neededExtras.allocationError = UVError.noBufferSpace
            return uv_buf_t()
        }
        return Self.buffer(buffer)
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
            readingEnded(Int32(count))
        }
        loop.core.drainIfNeeded()
    }

    @inline(__always)
    private func deliver(_ count: Int, _ base: UnsafeMutableRawPointer) {
        guard state.delivers else { return }
        receivedByteCount &+= count
        if let error = call("bufferUpdated", { try $0.received($1, base, count) }) { fail(error) }
    }

    private func readingEnded(_ code: Int32) {
        switch code {
        case UV_EOF.rawValue:
            isReading = false
            perform(state.endOfFile())
        case UV_ENOBUFS.rawValue:
            didNotProvideBuffer()
        default:
            isReading = false
            fail(UVError(rawValue: code))
        }
    }

    /// The protocol gave no buffer: it failed, or it did something that had to wait until now.
    private func didNotProvideBuffer() {
        if let error = extras?.allocationError {
            extras?.allocationError = nil
            fail(error)
        } else if state.phase == .closed {
            closeUnlessAllocating()
        } else {
            updateReading()
        }
    }
}
