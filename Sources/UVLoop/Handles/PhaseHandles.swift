import CUV

/// Calls a closure once a turn, right before the loop looks for I/O. Binds `uv_prepare_t`.
///
/// For code that has to do something before the loop may block, such as flushing what it gathered.
public final class Prepare: Handle {
    private let body: () throws -> Void

    /// Makes one at rest. Stops the program when called off the loop's thread.
    ///
    /// Binds `uv_prepare_init`.
    ///
    /// - Parameter body: what to call. If it throws, the loop's exception handler gets the error.
    /// - Throws: ``UVError/canceled`` on a loop that is closed.
    public init(
        _ loop: EventLoop, file: StaticString = #fileID, line: UInt = #line,
        _ body: @escaping () throws -> Void
    ) throws(UVError) {
        self.body = body
        try super.init(loop, uv_prepare_t.self, madeAt: SourcePlace(file: file, line: line)) {
            uv_prepare_init($0, $1)
        }
    }

    /// Begins to call. Idempotent. Binds `uv_prepare_start`.
    public func start() {
        guard isOpen else { return }
        holdByLoop()
        uv_prepare_start(memory(as: uv_prepare_t.self)) { handle in
            firePhase(handle!.pointee.data, as: Prepare.self) { try $0.body() }
        }
    }

    /// Ceases to call. Idempotent. Binds `uv_prepare_stop`.
    public func stop() {
        guard isOpen else { return }
        uv_prepare_stop(memory(as: uv_prepare_t.self))
        releaseByLoop()
    }
}

/// Calls a closure once a turn, right after the loop has looked for I/O. Binds `uv_check_t`.
public final class Check: Handle {
    private let body: () throws -> Void

    /// Makes one at rest. Stops the program when called off the loop's thread.
    ///
    /// Binds `uv_check_init`.
    ///
    /// - Parameter body: what to call. If it throws, the loop's exception handler gets the error.
    /// - Throws: ``UVError/canceled`` on a loop that is closed.
    public init(
        _ loop: EventLoop, file: StaticString = #fileID, line: UInt = #line,
        _ body: @escaping () throws -> Void
    ) throws(UVError) {
        self.body = body
        try super.init(loop, uv_check_t.self, madeAt: SourcePlace(file: file, line: line)) {
            uv_check_init($0, $1)
        }
    }

    /// Begins to call. Idempotent. Binds `uv_check_start`.
    public func start() {
        guard isOpen else { return }
        holdByLoop()
        uv_check_start(memory(as: uv_check_t.self)) { handle in
            firePhase(handle!.pointee.data, as: Check.self) { try $0.body() }
        }
    }

    /// Ceases to call. Idempotent. Binds `uv_check_stop`.
    public func stop() {
        guard isOpen else { return }
        uv_check_stop(memory(as: uv_check_t.self))
        releaseByLoop()
    }
}

/// Calls a closure once a turn and keeps the loop from blocking. Binds `uv_idle_t`.
///
/// For low-priority work in small steps; while one is started the loop uses a whole core.
public final class Idle: Handle {
    private let body: () throws -> Void

    /// Makes one at rest. Stops the program when called off the loop's thread.
    ///
    /// Binds `uv_idle_init`.
    ///
    /// - Parameter body: what to call. If it throws, the loop's exception handler gets the error.
    /// - Throws: ``UVError/canceled`` on a loop that is closed.
    public init(
        _ loop: EventLoop, file: StaticString = #fileID, line: UInt = #line,
        _ body: @escaping () throws -> Void
    ) throws(UVError) {
        self.body = body
        try super.init(loop, uv_idle_t.self, madeAt: SourcePlace(file: file, line: line)) {
            uv_idle_init($0, $1)
        }
    }

    /// Begins to call. Idempotent. Binds `uv_idle_start`.
    public func start() {
        guard isOpen else { return }
        holdByLoop()
        uv_idle_start(memory(as: uv_idle_t.self)) { handle in
            firePhase(handle!.pointee.data, as: Idle.self) { try $0.body() }
        }
    }

    /// Ceases to call. Idempotent. Binds `uv_idle_stop`.
    public func stop() {
        guard isOpen else { return }
        uv_idle_stop(memory(as: uv_idle_t.self))
        releaseByLoop()
    }
}

/// The one trampoline of the three: from the C handle's `data` to the closure, guarded. The object
/// is retained meanwhile, because the closure may stop it.
private func firePhase<Phase: Handle>(
    _ data: UnsafeMutableRawPointer, as type: Phase.Type, _ call: (Phase) throws -> Void
) {
    let handle = unsafeDowncast(Unmanaged<Handle>.fromOpaque(data).takeUnretainedValue(), to: type)
    handle.loop.core.guarded(.phase("\(type)"), madeAt: handle.debugPlace) { try call(handle) }
}
