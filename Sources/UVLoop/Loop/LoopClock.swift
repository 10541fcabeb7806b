import CUV

/// Wakes the loop when the timer wheel has to be looked at.
///
/// On Linux a `timerfd` that `uv_poll` watches, exact to the microsecond; elsewhere one `uv_timer`,
/// which counts in whole milliseconds.
struct LoopClock {
    #if os(Linux)
    private let descriptor: Int32
    private let poll: UnsafeMutablePointer<uv_poll_t>
    #else
    private let timer: UnsafeMutablePointer<uv_timer_t>
    #endif

    /// What it is armed for; `.max` when it is not.
    private(set) var armedFor = UInt64.max

    /// - Parameter core: outlives the clock; its `clockFired` becomes true at the time.
    init(_ uv: UnsafeMutablePointer<uv_loop_t>) throws(UVError) {
        #if os(Linux)
        descriptor = try UVError.check(cuv_clock_open())
        poll = try makePoll(uv, owning: descriptor)
        #else
        timer = .allocate(capacity: 1)
        do throws(UVError) {
            try UVError.check(uv_timer_init(uv, timer))
        } catch {
            timer.deallocate()
            throw error
        }
        #endif
    }

    /// Begins to report to `core`, which outlives the clock.
    func start(_ core: LoopCore) {
        handle.pointee.data = Unmanaged.passUnretained(core).toOpaque()
        #if os(Linux)
        // Nothing is read: arming the descriptor anew, which follows, takes the expiry back.
        uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { poll, _, _ in
            Unmanaged<LoopCore>.fromOpaque(poll!.pointee.data)._withUnsafeGuaranteedRef {
                $0.clockFired = true
            }
        }
        #endif
        uv_unref(handle)
    }

    /// The libuv handle behind it.
    var handle: UnsafeMutablePointer<uv_handle_t> {
        #if os(Linux)
        uvHandle(poll)
        #else
        uvHandle(timer)
        #endif
    }

    /// Sets the one alarm; nil for none. Does nothing if it is set so already.
    mutating func arm(_ deadline: UInt64?, fired: Bool) {
        let wanted = deadline ?? .max
        guard wanted != armedFor || fired else { return }
        armedFor = wanted
        #if os(Linux)
        cuv_clock_arm(descriptor, deadline ?? 0)
        #else
        guard let deadline else {
            uv_timer_stop(timer)
            return
        }
        let now = uv_hrtime()
        let delay = deadline > now ? (deadline - now + 999_999) / 1_000_000 : 0
        uv_update_time(timer.pointee.loop)
        uv_timer_start(
            timer,
            { timer in
                Unmanaged<LoopCore>.fromOpaque(timer!.pointee.data)._withUnsafeGuaranteedRef {
                    $0.clockFired = true
                }
            }, delay, 0)
        #endif
    }

    /// In the child of a fork, before `uv_loop_fork`: parts with the parent's.
    mutating func renew() throws(UVError) {
        #if os(Linux)
        try UVError.check(cuv_replace(descriptor, cuv_clock_open()))
        #endif
        armedFor = .max
    }

    /// Ends it. The handle's memory is freed in its close callback.
    func close() {
        closeAndFree(handle)
        #if os(Linux)
        cuv_close(descriptor)
        #endif
    }
}
