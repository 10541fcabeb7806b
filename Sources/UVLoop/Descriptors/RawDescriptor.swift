import CUV

/// The operations of sockets, on a descriptor that is yours: what asyncio calls `sock_recv`,
/// `sock_sendall` and so on. From any task.
///
/// ```swift
/// let socket = RawDescriptor(descriptor, on: loop)
/// try await socket.connect(to: address)
/// try await socket.sendAll("ping")
/// let answer = try await socket.receive(upTo: 4_096)
/// close(descriptor)
/// ```
///
/// For descriptors of other libraries, and for kinds of sockets that streams do not know; what a
/// ``SocketStream`` can do, that does faster and with less to mind.
///
/// **The descriptor** stays yours. It becomes non-blocking, and with it all its duplicates. This
/// is a mere value, with nothing to close: an operation tries the system call, and only if that
/// would block waits, on a duplicate that it closes when it ends. Close the descriptor when no
/// operation waits on it: a wait does not notice that, and goes on until the *socket* is ready or
/// the task is cancelled; what it would try then fails with ``UVError/badFileDescriptor``, or
/// meets whoever has the number by then.
///
/// **Tasks.** Any number may wait on one descriptor, in both directions. If several send at a time,
/// their bytes mix; if several receive, each piece goes to one of them.
///
/// **Errors.** ``UVError`` is what the system says. ``UVError/resourceBusy`` is a descriptor that a
/// transport, stream or server of the loop has, also while that is paused; those of other loops are
/// not noticed. ``EventLoopError/closed`` and ``EventLoopError/timedOut`` are what they say. A
/// cancelled task gets `CancellationError`; its wait leaves nothing behind.
public struct RawDescriptor: Sendable {
    /// The loop that waits.
    public let loop: EventLoop
    /// The number that the system has given it.
    public let descriptor: Int32

    /// Says which descriptor and which loop; nothing happens to either.
    public init(_ descriptor: Int32, on loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    /// What it is that the descriptor stands for. Binds `uv_guess_handle`.
    public var kind: DescriptorKind { DescriptorKind(descriptor) }

    // MARK: Readiness

    /// Waits until the descriptor is ready for something. It may not be any more when the task goes
    /// on, if others use it, too.
    ///
    /// Binds `uv_poll_t`.
    ///
    /// - Parameters:
    ///   - events: what to wait for; not none.
    ///   - timeout: how long; nil for as long as it takes.
    /// - Returns: what it is ready for. Errors and hang-ups count as all that was asked for.
    /// - Throws: ``UVError/notPermitted`` for regular files and directories, which are always
    ///   ready; ``UVError/invalidArgument`` for no events; else as all operations.
    @discardableResult
    public nonisolated(nonsending) func wait(
        for events: Poll.Events, timeout: Duration? = nil
    ) async throws -> Poll.Events {
        guard !events.isEmpty else { throw UVError.invalidArgument }
        let deadline = SocketStream.deadline(timeout)
        return try await atHome {
            try await loop.wait(for: events, of: descriptor, until: deadline)
        }
    }

    /// The readiness of the descriptor again and again. See ``Readiness``.
    public func readiness(for events: Poll.Events) -> Readiness {
        Readiness(descriptor: self, events: events)
    }

    /// Waits for readiness each time that the next element is asked for: nothing is buffered or
    /// missed, and what was ready and is left as it is, is told again.
    ///
    /// Ends when the loop closes or the task is cancelled. Throws what
    /// ``RawDescriptor/wait(for:timeout:)`` does otherwise.
    public struct Readiness: AsyncSequence, AsyncIteratorProtocol, Sendable {
        let descriptor: RawDescriptor
        let events: Poll.Events

        /// What the descriptor is ready for.
        public mutating func next() async throws -> Poll.Events? {
            try await next(isolation: nil)
        }

        /// What the descriptor is ready for.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> Poll.Events? {
            do {
                return try await descriptor.wait(for: events)
            } catch is CancellationError {
                return nil
            } catch EventLoopError.closed {
                return nil
            }
        }

        /// The sequence itself: it has no state.
        public func makeAsyncIterator() -> Readiness { self }
    }

    // MARK: Parts

    /// Runs an operation on the loop's thread.
    nonisolated(nonsending) func atHome<R: Sendable>(
        _ operation: nonisolated(nonsending) @Sendable () async throws -> sending R
    ) async throws -> R {
        guard loop.isHome() else { return try await loop.visit(operation) }
        return try await operation()
    }

    /// Tries a system call until it does not want to wait; on the loop's thread. A negative result
    /// is an error of libuv's.
    nonisolated(nonsending) func retrying(
        _ events: Poll.Events, until deadline: EventLoop.Instant?, _ call: () -> Int
    ) async throws -> Int {
        try checkCancellation()
        if !loop.core.rawBudget.takeOne(in: loop.core.epoch) { await Task.yield() }
        guard !loop.core.isClosing else { throw EventLoopError.closed }
        try UVError.check(cuv_ensure_non_blocking(descriptor))
        while true {
            try loop.core.checkNotOwned(descriptor)
            let result = call()
            guard result == Int(UV_EAGAIN.rawValue) else { return try UVError.check(result) }
            _ = try await loop.wait(for: events, of: descriptor, until: deadline)
        }
    }
}
