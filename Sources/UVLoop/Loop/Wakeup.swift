import CUV

/// Interrupts the loop's sleep from any thread.
///
/// On Linux an `eventfd` that `uv_poll` watches; elsewhere `uv_async`. Not `uv_async` everywhere,
/// because libuv 1.44's busy-waits when the woken loop preempts the sender (28 µs against 3.6 µs
/// on one core).
///
/// Sendable without the compiler's check: `send` only uses the descriptor or the async handle,
/// which are thread-safe and, by ``Inbox/close()``, never gone while a sender is inside.
struct Wakeup: @unchecked Sendable {
    #if os(Linux)
    private let descriptor: Int32
    private let poll: UnsafeMutablePointer<uv_poll_t>
    #else
    private let async: UnsafeMutablePointer<uv_async_t>
    #endif

    init(_ uv: UnsafeMutablePointer<uv_loop_t>) throws(UVError) {
        #if os(Linux)
        descriptor = try UVError.check(cuv_wakeup_open())
        poll = try makePoll(uv, owning: descriptor)
        poll.pointee.data = UnsafeMutableRawPointer(bitPattern: Int(descriptor))
        uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { poll, _, _ in
            cuv_wakeup_clear(Int32(Int(bitPattern: poll!.pointee.data)))
        }
        #else
        async = .allocate(capacity: 1)
        do throws(UVError) {
            try UVError.check(uv_async_init(uv, async) { _ in })
        } catch {
            async.deallocate()
            throw error
        }
        #endif
        keepsLoopAlive(false)
    }

    /// The libuv handle behind it.
    var handle: UnsafeMutablePointer<uv_handle_t> {
        #if os(Linux)
        uvHandle(poll)
        #else
        uvHandle(async)
        #endif
    }

    func send() {
        #if os(Linux)
        cuv_wakeup_send(descriptor)
        #else
        uv_async_send(async)
        #endif
    }

    /// Whether the loop goes on running for the sake of posts alone.
    func keepsLoopAlive(_ keeps: Bool) {
        if keeps { uv_ref(handle) } else { uv_unref(handle) }
    }

    /// In the child of a fork, before `uv_loop_fork`: parts with the parent's.
    func renew() throws(UVError) {
        #if os(Linux)
        try UVError.check(cuv_replace(descriptor, cuv_wakeup_open()))
        #endif
    }

    /// Ends it. The handle's memory is freed in its close callback.
    func close() {
        closeAndFree(handle)
        #if os(Linux)
        cuv_close(descriptor)
        #endif
    }
}
