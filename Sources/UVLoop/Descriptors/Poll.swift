import CUV

/// Watches a descriptor that is yours, and calls a closure when it can be read or written.
///
/// For sockets and pipes of other libraries, and for whatever else the system can wait for: event
/// counters, timers, terminals, `inotify`. Not for what a ``Transport`` or stream has.
///
/// ```swift
/// let poll = try Poll(loop, descriptor)
/// poll.start(.readable) { result in try take(from: descriptor, result.get()) }
/// ```
///
/// **The descriptor** stays yours, and you close it. It becomes non-blocking, and with it all its
/// duplicates. The poll watches a duplicate of its own: so any number of polls may watch the same
/// descriptor, and one that is closed meanwhile does no harm. But the socket behind it lasts as
/// long as the poll: ``close()`` the poll first, or the peer does not see the end.
///
/// **Level.** What is ready and is left as it is, is told again in the next turn.
///
/// **Errors** of what is behind the descriptor, such as a connection that was reset, and hang-ups
/// count as everything that was asked for: whoever tries then finds out.
///
/// Binds `uv_poll_t`.
public final class Poll: Handle {
    /// What to wait for, or what has come.
    public struct Events: OptionSet, Sendable, Hashable {
        /// libuv's own bits.
        public let rawValue: Int32

        /// The events with libuv's own bits.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        init(_ event: uv_poll_event) { rawValue = Int32(event.rawValue) }

        /// There is something to read, or an end. `UV_READABLE`.
        public static let readable = Events(UV_READABLE)
        /// There is room to write. `UV_WRITABLE`.
        public static let writable = Events(UV_WRITABLE)
        /// The peer has ended its sending side, or all. `UV_DISCONNECT`.
        public static let disconnect = Events(UV_DISCONNECT)
        /// There is urgent data, or what a device tells in that way. `UV_PRIORITIZED`.
        public static let prioritized = Events(UV_PRIORITIZED)
    }

    /// Hears what has come: at least one of the events that were asked for; or
    /// ``UVError/canceled`` once, when the loop closes.
    public typealias Handler = (Result<Events, UVError>) throws -> Void

    /// The duplicate.
    private let descriptor: Int32
    private var handler: Handler?
    private var isOnce = false
    private var isEndedByLoop = false
    /// What it waits for; none at rest.
    public private(set) var events: Events = []

    /// Makes one at rest. Stops the program when called off the loop's thread.
    ///
    /// Binds `uv_poll_init`.
    ///
    /// - Throws: ``UVError/badFileDescriptor``; ``UVError/notPermitted`` for regular files and
    ///   directories, which are always ready; ``UVError/resourceBusy`` for a descriptor that
    ///   belongs to a transport, server or stream of this loop; ``UVError/tooManyOpenFiles``;
    ///   ``UVError/canceled`` on a loop that is closed.
    public convenience init(
        _ loop: EventLoop, _ descriptor: Int32, file: StaticString = #fileID, line: UInt = #line
    ) throws(UVError) {
        loop.preconditionOnThread("Poll")
        guard !loop.core.isClosed else { throw .canceled }
        try loop.core.checkNotOwned(descriptor)
        try self.init(loop, duplicating: descriptor, SourcePlace(file: file, line: line))
    }

    /// Makes one without a look at whose the descriptor is.
    init(
        _ loop: EventLoop, duplicating descriptor: Int32, _ place: SourcePlace
    ) throws(UVError) {
        let duplicate = try UVError.check(cuv_duplicate(descriptor))
        self.descriptor = duplicate
        do throws(UVError) {
            try super.init(loop, uv_poll_t.self, madeAt: place) { uv_poll_init($0, $1, duplicate) }
        } catch {
            cuv_close(duplicate)
            throw error
        }
    }

    deinit { closeAtRest(with: descriptor) }

    /// Begins to watch; if it does already, from now on for this. Does nothing once the poll is
    /// closed. Binds `uv_poll_start`.
    ///
    /// - Parameters:
    ///   - events: what to wait for; none is as ``stop()``.
    ///   - once: whether to stop before the first call. It can be started again in there.
    ///   - handler: what to call. It may start, stop and close the poll. If it throws, the loop's
    ///     exception handler gets the error.
    public func start(_ events: Events, once: Bool = false, _ handler: @escaping Handler) {
        loop.assertOnThread()
        guard isOpen, !events.isEmpty else { return stop() }
        isOnce = once
        self.handler = handler
        watch(events)
    }

    /// Waits for other events from now on, with the same handler. Does nothing at rest; none is as
    /// ``stop()``. Binds `uv_poll_start`.
    public func change(to events: Events) {
        loop.assertOnThread()
        guard isOpen, handler != nil else { return }
        guard !events.isEmpty else { return stop() }
        watch(events)
    }

    /// Ceases to watch. Idempotent. Binds `uv_poll_stop`.
    public func stop() {
        loop.assertOnThread()
        guard isOpen else { return }
        events = []
        uv_poll_stop(memory(as: uv_poll_t.self))
        // The closure may hold the poll.
        if let handler = handler.take() { loop.core.releaseLater(HeldHandler(handler)) }
        releaseByLoop()
    }

    private func watch(_ events: Events) {
        self.events = events
        holdByLoop()
        uv_poll_start(memory(as: uv_poll_t.self), events.rawValue) { handle, status, events in
            let poll = unsafeDowncast(
                Unmanaged<Handle>.fromOpaque(handle!.pointee.data).takeUnretainedValue(),
                to: Poll.self)
            poll.fired(status, Events(rawValue: events))
        }
    }

    private func fired(_ status: Int32, _ found: Events) {
        guard let handler else { return }
        let found = status < 0 ? events : found
        if isOnce {
            stop()
        } else if status < 0 {
            // libuv stops at an error.
            watch(events)
        }
        call(handler, .success(found))
    }

    private func call(_ handler: Handler, _ result: Result<Events, UVError>) {
        loop.core.guarded(.poll, madeAt: debugPlace) { try handler(result) }
        loop.core.drainIfNeeded()
    }

    /// Ceases to watch and lets go of the descriptor. Idempotent. Binds `uv_close`.
    public override func close() {
        guard isOpen else { return }
        events = []
        closeHandle()
        // libuv has let go of it.
        cuv_close(descriptor)
    }

    // The handler hears of it in didClose, not while the loop goes through its handles.
    override func loopIsClosing() {
        isEndedByLoop = true
        close()
    }

    override func didClose() {
        guard let handler = handler.take(), isEndedByLoop else { return }
        call(handler, .failure(.canceled))
    }
}

/// Keeps the closure of a poll until its callback is over.
private final class HeldHandler {
    private let handler: Poll.Handler
    init(_ handler: @escaping Poll.Handler) { self.handler = handler }
}

extension LoopCore {
    /// Refuses a descriptor that a transport or server of the loop has, whatever it does with it
    /// just now, or that libuv is watching on the loop: at the cost of two loads.
    func checkNotOwned(_ descriptor: Int32) throws(UVError) {
        if ownedDescriptors.contains(descriptor) || cuv_is_watched(uv, descriptor) {
            throw .resourceBusy
        }
    }
}
