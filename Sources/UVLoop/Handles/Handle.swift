import CUV

/// A loop-bound object that owns one libuv handle: the base of timers' relatives, transports and
/// whatever else lives on a loop.
///
/// A handle belongs to the loop and the thread that made it and is not `Sendable`. Creating one on
/// another thread stops the program with a message.
///
/// *Lifetime.* The handle's memory stays where it is until libuv has called its close callback.
/// While a handle is at work (listening, reading, started) and while it closes, the loop itself
/// holds the object, so it goes on without any reference of yours. An object at rest that nobody
/// refers to closes by itself, on whatever thread the last reference goes.
public class Handle {
    /// The loop that the handle lives on.
    public let loop: EventLoop
    let raw: UnsafeMutablePointer<uv_handle_t>
    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.
    @exclusivity(unchecked) private var phase = Phase.atRest

    private enum Phase: UInt8 {
        /// Open, but not at work.
        case atRest
        /// At work: the loop holds the object. From here on the C struct's `data` points to it, at
        /// rest it does not: so whoever finds the struct knows whether the object can be touched.
        case held
        /// The close callback is to come; until then the loop holds the object.
        case closing
        /// The C struct is gone.
        case closed
    }

    /// Allocates the C struct and lets `initialize` make a handle of it.
    init<Struct: HandleStruct>(
        _ loop: EventLoop,
        _ type: Struct.Type,
        madeAt place: SourcePlace,
        initialize: (UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<Struct>) -> Int32
    ) throws(UVError) {
        loop.preconditionOnThread("\(Self.self)")
        self.loop = loop
        let memory = UnsafeMutablePointer<Struct>.allocate(capacity: 1)
        raw = uvHandle(memory)
        let result =
            loop.core.acceptsHandles ? initialize(loop.core.uv, memory) : UV_ECANCELED.rawValue
        guard result >= 0 else {
            phase = .closed
            freeHandleMemory(raw)
            throw UVError(rawValue: result)
        }
        raw.pointee.data = nil
        loop.core.debugPlaces?[raw] = place
    }

    deinit {
        guard phase == .atRest else { return }
        if loop.core.isOnThread {
            if !loop.core.isClosed { closeAndFree(raw) }
        } else {
            // Refused means that the loop is closed, and its close has freed the struct.
            _ = loop.core.inbox.post(
                .function({ closeAndFree($0!.assumingMemoryBound(to: uv_handle_t.self)) }, raw))
        }
    }

    // MARK: For subclasses

    /// For the `deinit` of a subclass whose C struct refers to a descriptor of its own: closes both
    /// as the `deinit` here closes the struct. libuv has to let go of the descriptor first, or it
    /// could take another's watch for this one.
    final func closeAtRest(with descriptor: Int32) {
        guard phase == .atRest else { return }
        phase = .closed
        if loop.core.isOnThread {
            if !loop.core.isClosed { closeAndFree(raw) }
            cuv_close(descriptor)
        } else {
            let close: ReadyEntry.Function = { raw in
                let raw = raw!.assumingMemoryBound(to: uv_handle_t.self)
                var descriptor: uv_os_fd_t = -1
                uv_fileno(raw, &descriptor)
                closeAndFree(raw)
                cuv_close(descriptor)
            }
            if !loop.core.inbox.post(.function(close, raw)) { cuv_close(descriptor) }
        }
    }

    /// The C struct, as the type that the subclass gave to `init`.
    @inline(__always)
    func memory<Struct>(as type: Struct.Type) -> UnsafeMutablePointer<Struct> {
        UnsafeMutableRawPointer(raw).assumingMemoryBound(to: type)
    }

    /// Lends the loop's state, which the loop keeps.
    @inline(__always)
    final func withCore<R>(_ body: (LoopCore) throws -> R) rethrows -> R {
        try loop.unmanagedCore._withUnsafeGuaranteedRef(body)
    }

    /// Makes the loop hold the object: to be called when the handle starts to work.
    final func holdByLoop() {
        guard phase == .atRest else { return }
        phase = .held
        raw.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    /// Ends what ``holdByLoop()`` began: to be called when the handle is at rest again.
    final func releaseByLoop() {
        guard phase == .held else { return }
        phase = .atRest
        raw.pointee.data = nil
        Unmanaged.passUnretained(self).release()
    }

    /// Whether the C struct may still be used: neither closing nor gone with its loop.
    @inline(__always)
    final var isOpen: Bool { phase.rawValue <= Phase.held.rawValue && !loop.core.isClosed }

    /// Closes the C handle; ``didClose()`` follows, after the current callbacks.
    final func closeHandle() {
        guard isOpen else { return }
        holdByLoop()
        disownDescriptor()
        phase = .closing
        loop.core.debugPlaces?[raw] = nil
        uv_close(raw) { raw in
            let handle = Unmanaged<Handle>.fromOpaque(raw!.pointee.data).takeRetainedValue()
            handle.phase = .closed
            freeHandleMemory(raw!)
            handle.didClose()
        }
    }

    /// Called once, when libuv has let go of the handle; its memory is gone.
    func didClose() {}

    /// Where the handle was made, if debug mode was on then.
    final var debugPlace: SourcePlace? { loop.core.debugPlaces?[raw] }

    /// What a report calls this object.
    var reportName: String { "\(type(of: self))" }

    /// Called when the loop closes while the handle is open.
    func loopIsClosing() { close() }

    // MARK: For users

    /// Closes the handle. Idempotent. Binds `uv_close`.
    public func close() { closeHandle() }

    /// Whether ``close()`` has been called, or the loop is closed. Binds `uv_is_closing`.
    public final var isClosing: Bool { !isOpen }

    /// Whether the handle is at work. Binds `uv_is_active`.
    public final var isActive: Bool { isOpen && uv_is_active(raw) != 0 }

    /// Whether the handle, while active, keeps ``EventLoop/run(_:)-method`` from returning;
    /// true at first.
    ///
    /// Binds `uv_ref`, `uv_unref`, `uv_has_ref`.
    public final var keepsLoopAlive: Bool {
        get { isOpen && uv_has_ref(raw) != 0 }
        set {
            guard isOpen else { return }
            if newValue { uv_ref(raw) } else { uv_unref(raw) }
        }
    }
}

/// Where in the source a handle was made, for reports in debug mode.
struct SourcePlace {
    let file: StaticString
    let line: UInt

    var description: String { "\(file):\(line)" }
}
