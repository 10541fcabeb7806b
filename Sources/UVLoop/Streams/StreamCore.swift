import CUV

/// The half of a ``SocketStream`` that lives on the loop: the protocol of its transport, which
/// turns what the transport calls into the ends of waits.
///
/// Belongs to the loop's thread. The transport holds it, and the ``SocketStream`` holds both.
///
/// **The way in.** While a task waits for bytes they are read into the loop's own memory, which all
/// streams share, or straight into the caller's; the task goes on inside the callback, and finds
/// them there, *lent*. What it leaves is kept for the next receive. So a connection at
/// rest has no memory for bytes. Bytes that come while nobody waits are read ahead, up to a limit;
/// then the network waits.
///
/// An object for every connection, so its size counts.
@usableFromInline
final class StreamCore {
    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.

    /// The transport, which holds this; set once, before anything is asked of it. Without the
    /// reference counting that goes with a strong one.
    @exclusivity(unchecked) var unmanagedTransport: Unmanaged<Transport>!

    // Receiving; see StreamCore+Receiving.
    /// What was read into the loop's memory and not taken yet, during a callback of libuv only; or
    /// the caller's memory, while it waits for bytes to come there.
    @usableFromInline
    @exclusivity(unchecked) var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// How many bytes have come to the caller's memory.
    @exclusivity(unchecked) var targetFilled = 0
    /// How many bytes the waiting task needs.
    @exclusivity(unchecked) var needed = 0
    /// What came while nobody waited; nothing is lent then.
    @exclusivity(unchecked) var readAhead: ReadAhead?
    let receiver = WaitingRoom()
    /// The loop's, here so that nobody who waits has to retain it.
    @usableFromInline let parking: Parking

    // The scope of a task, see StreamCore+Scope.
    /// The task whose cancellation is watched for all of its waits here.
    @exclusivity(unchecked) var coveredTask: UnsafeMutableRawPointer?
    /// Where ``HandlerTasks`` has this.
    @exclusivity(unchecked) var handlerIndex: Int32 = 0
    /// Why the connection, or at least sending, failed; 0 if it has not.
    @exclusivity(unchecked) private var failureCode: Int32 = 0
    @exclusivity(unchecked) var isScopeCancelled = false

    /// What is going on, and what is over.
    @exclusivity(unchecked) var flags: StreamFlags = []
    /// Somebody looks at bytes that are lent, and will remove them. Not among the flags: other
    /// modules set it.
    @usableFromInline
    @exclusivity(unchecked) var isLending = false

    init(on core: LoopCore) { parking = core.parking }

    var transport: Transport { unmanagedTransport.takeUnretainedValue() }
    var loop: EventLoop { transport.loop }

    /// Lends the transport: for the hot paths.
    @inline(__always)
    func withTransport<R>(_ body: (Transport) throws -> R) rethrows -> R {
        try unmanagedTransport.unsafelyUnwrapped._withUnsafeGuaranteedRef(body)
    }

    /// Lends the loop's state: for the hot paths.
    @inline(__always)
    func withLoopCore<R>(_ body: (LoopCore) throws -> R) rethrows -> R {
        try parking.withCore(body)
    }

    /// Removes bytes from the front of what is lent.
    @inlinable
    @inline(__always)
    func tookLent(_ count: Int) {
        memory = UnsafeMutableRawBufferPointer(
            start: memory.baseAddress.unsafelyUnwrapped + count, count: memory.count &- count)
    }

    // MARK: What the transport calls

    func eofReceived() {
        hasReadEnd = true
        wakeReceiverNow()
        transport.extras?.whenStill?()
    }

    func resumeWriting() {
        guard let sender else { return }
        withLoopCore { sender.wakeNow($0) }
    }

    /// Sending is over. What the peer sent before it went can still be received.
    func writingFailed(_ error: UVError) {
        failureCode = error.rawValue
        sender?.wake(loop.core)
    }

    /// The end of the loop is this side's end. What waits goes on when the connection is lost,
    /// which is after the tasks that the loop cancels have heard of that.
    func loopIsClosing() { isClosed = true }

    func connectionLost(_ error: (any Error)?) {
        isGone = true
        if failureCode == 0, let error {
            failureCode = (error as? UVError ?? .canceled).rawValue
        }
        // Not when it was closed: whoever closed it may have been looking at the bytes.
        if isClosed { readAhead = nil }
        wakeAll()
    }

    // MARK: Waking

    @inline(__always)
    func wakeReceiverNow() {
        withLoopCore { receiver.wakeNow($0) }
    }

    /// Lets every waiting task look again at how things stand.
    func wakeAll() {
        let core = loop.core
        receiver.wake(core)
        sender?.wake(core)
        for closer in transport.extras?.closers ?? [] { closer.wake(core) }
    }

    // MARK: Ending

    /// Why the connection, or at least sending, failed.
    var failure: UVError? { failureCode == 0 ? nil : UVError(rawValue: failureCode) }

    /// The same, also if that has only just happened.
    var currentFailure: UVError? {
        if let failure { return failure }
        guard transport.state.phase == .closed, let error = transport.extras?.error else {
            return nil
        }
        return error as? UVError ?? .canceled
    }

    /// Marks this side as closed and ends what waits.
    func markClosed() {
        guard !isClosed else { return }
        isClosed = true
        receiver.wake(loop.core)
        sender?.wake(loop.core)
    }

    func abort() {
        markClosed()
        transport.abort()
    }

    /// Closes gracefully; see ``SocketStream/close(timeout:)``.
    nonisolated(nonsending) func close(within timeout: Duration) async throws {
        markClosed()
        guard !Task.isCancelled else {
            transport.abort()
            throw CancellationError()
        }
        // What has failed has no grace to give, and whoever sent has been told.
        guard currentFailure == nil else { return transport.abort() }
        transport.close()
        guard transport.state.phase != .closed else { return }
        let deadline = EventLoop.Instant.now.advanced(by: timeout)
        let room = WaitingRoom()
        transport.neededExtras.closers.append(room)
        defer { transport.neededExtras.closers.removeAll { $0 === room } }
        while transport.state.phase != .closed {
            switch await room.wait(on: loop, until: deadline) {
            case .woken: break
            case .cancelled:
                transport.abort()
                throw CancellationError()
            case .timedOut:
                let isSent = transport.state.phase == .draining
                transport.abort()
                if !isSent { throw StreamError.timedOut }
            }
        }
        if let failure = currentFailure { throw StreamError.broken(failure) }
        // Aborted by somebody else, or by the end of the loop.
        if transport.state.writing != .ended { throw StreamError.closed }
    }
}
