import CUV

// The way out: from a task that sends to its transport.
extension StreamCore {
    /// Checks that the calling task may send.
    @inline(__always)
    func checkCanSend() throws(StreamError) {
        if isSending { throw .busy }
        try checkWritingOpen()
    }

    @inline(__always)
    func checkWritingOpen() throws(StreamError) {
        if isClosed { throw .closed }
        if withTransport({ !$0.state.canWrite }) || isCutOff { throw whyNotWritable() }
    }

    @inline(never)
    private func whyNotWritable() -> StreamError {
        if let failure = currentFailure { return .broken(failure) }
        // An end of file would have told of a socket's peer.
        if transport.extras?.hasReaderGone == true { return .broken(.brokenPipe) }
        // If this side has ended it, there was nothing left to be cut off.
        if transport.state.canWrite { return .broken(.canceled) }
        // The reading end of a pipe has never been open.
        return transport.state.refusalToWrite == .notSupported ? .broken(.notSupported) : .closed
    }

    /// Ends the sending side.
    func sendEOF() throws(StreamError) {
        if isSending { throw .busy }
        if isClosed { throw .closed }
        if let failure = currentFailure { throw .broken(failure) }
        if isCutOff, transport.state.canWrite { throw .broken(.canceled) }
        transport.writeEOF()
    }

    /// Whether a send is not over when the transport has its bytes: it has to wait or has failed.
    var mayHaveToWait: Bool {
        @inline(__always)
        get { withTransport { $0.state.isWritingPaused || !$0.state.canWrite } }
    }

    /// Whether a sender has to wait.
    var isClogged: Bool {
        @inline(__always) get { withTransport { $0.state.isWritingPaused } }
    }

    /// To be called after bytes have been given to the transport: waits until they are taken.
    @inline(never)
    nonisolated(nonsending) func finishSending(until deadline: EventLoop.Instant?) async throws {
        try checkWritingOpen()
        guard isClogged else { return }
        do {
            try await waitForRoom(until: deadline)
        } catch {
            // Nobody knows how much has gone.
            isCutOff = true
            throw error
        }
    }

    /// Waits until what is queued has sunk to the low-water mark.
    nonisolated(nonsending) func waitForRoom(until deadline: EventLoop.Instant?) async throws {
        let room = senderRoom
        isSending = true
        defer { isSending = false }
        while isClogged {
            switch await room.wait(on: loop, until: deadline) {
            case .woken: try checkWritingOpen()
            case .cancelled: throw CancellationError()
            case .timedOut: throw StreamError.timedOut
            }
        }
    }

    /// Where a sender waits, if one ever has.
    var sender: WaitingRoom? { transport.extras?.sender }

    var senderRoom: WaitingRoom {
        if let sender { return sender }
        let room = WaitingRoom()
        transport.neededExtras.sender = room
        return room
    }
}
