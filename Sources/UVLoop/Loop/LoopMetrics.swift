import CUV

/// What an ``EventLoop`` has done since it was made, and what is waiting: see
/// ``EventLoop/metrics``.
public struct LoopMetrics: Sendable, Hashable {
    /// How many callbacks and jobs of tasks have left the loop's queue. Counts what was queued or
    /// posted, timers, and tasks that went on; not the callbacks of handles, which libuv calls.
    public internal(set) var callbacks = 0
    /// How many of them are waiting.
    public internal(set) var waitingCallbacks = 0
    /// How many timers, and tasks that sleep, are waiting; without the timers that do not keep the
    /// loop alive.
    public internal(set) var waitingTimers = 0
    /// How many of libuv's handles are at work: connections, servers, sockets, phases; not those of
    /// the loop itself, and not what is at rest, as a transport that has paused reading may be.
    public internal(set) var handles = 0
    /// How many requests are under way: connecting, writing what the socket did not take, work in
    /// the thread pool.
    public internal(set) var requests = 0
    /// How many turns the loop has made since ``EventLoop/startMeasuring()``; nil without it.
    public internal(set) var turns: Int?
    /// How long the loop has slept since ``EventLoop/startMeasuring()``; nil without it. What is
    /// left of the time is the loop at work.
    public internal(set) var idleTime: Duration?
    /// How long the loop was at work in the last whole turn, from one look for events to the next:
    /// so long an event had to wait, if it came at the wrong moment. Nil without
    /// ``EventLoop/startMeasuring()``.
    public internal(set) var lag: Duration?
    /// The longest such time since ``EventLoop/startMeasuring()``; nil without it.
    public internal(set) var longestLag: Duration?
    /// How many events the loop has taken from the system since it was made: readiness of sockets
    /// and the like. Nil with libuv before 1.45, which does not count them.
    public internal(set) var events: Int?
}

extension EventLoop {
    /// What the loop has done and what is waiting, at this moment. On the loop's thread only; all
    /// zero once the loop is closed.
    ///
    /// The loop counts nothing for it but what it knows anyway, so that it costs nothing until
    /// somebody asks; then it is a walk over all handles.
    ///
    /// ```swift
    /// let before = loop.metrics
    /// try await work()
    /// print(loop.metrics.callbacks - before.callbacks)
    /// ```
    ///
    /// Binds `uv_walk`, `uv_metrics_idle_time` and, where there is one, `uv_metrics_info`.
    public nonisolated var metrics: LoopMetrics {
        preconditionOnThread("metrics")
        return core.isClosed ? LoopMetrics() : core.metrics
    }

    /// From now on turns are counted and the time in which the loop sleeps is measured, for
    /// ``metrics``. There is no way back. Idempotent; on the loop's thread only.
    ///
    /// It costs some 100 ns a turn, and a system call for each turn that has to wait. A loop that
    /// is driven by another one, as the installed one is where a run loop has the main thread,
    /// never sleeps itself.
    ///
    /// Binds `uv_loop_configure` with `UV_METRICS_IDLE_TIME`.
    public nonisolated func startMeasuring() {
        preconditionOnThread("startMeasuring")
        core.startMeasuring()
    }
}

extension LoopCore {
    var metrics: LoopMetrics {
        var metrics = LoopMetrics()
        metrics.callbacks = Int(truncatingIfNeeded: ready.head)
        metrics.waitingCallbacks = Int(truncatingIfNeeded: ready.tail &- ready.head)
        metrics.waitingTimers = timersKeepingAlive
        metrics.handles = openHandleCount
        metrics.requests = Int(uv.pointee.active_reqs.count)
        if let turnCounter {
            metrics.turns = Int(turnCounter.pointee.turns)
            metrics.idleTime = .nanoseconds(Int64(clamping: uv_metrics_idle_time(uv)))
            metrics.lag = .nanoseconds(Int64(clamping: turnCounter.pointee.lag))
            metrics.longestLag = .nanoseconds(Int64(clamping: turnCounter.pointee.longest_lag))
        }
        let events = cuv_event_count(uv)
        if events >= 0 { metrics.events = Int(events) }
        return metrics
    }

    /// Those at work; one at rest, or on its way out, is none that anybody waits for.
    private var openHandleCount: Int {
        var count = 0
        forEachUserHandle { handle in
            if uv_is_closing(handle) == 0, handle.pointee.data != nil { count += 1 }
        }
        return count
    }

    func startMeasuring() {
        guard turnCounter == nil, acceptsHandles else { return }
        let counter = UnsafeMutablePointer<cuv_turn_counter_t>.allocate(capacity: 1)
        counter.initialize(to: cuv_turn_counter_t())
        turnCounter = counter
        let prepare = UnsafeMutableRawPointer(counter).assumingMemoryBound(to: uv_prepare_t.self)
        uv_prepare_init(uv, prepare)
        // Nil: it is none of the handles that the loop's end tells of it, which frees it.
        prepare.pointee.data = nil
        uv_prepare_start(prepare) { prepare in
            let counter = UnsafeMutableRawPointer(prepare!)
                .assumingMemoryBound(to: cuv_turn_counter_t.self)
            counter.pointee.turns &+= 1
            cuv_turn_end(counter, prepare!.pointee.loop)
        }
        uv_unref(uvHandle(prepare))
        cuv_measure_idle_time(uv)
        cuv_turn_begin(counter, uv)
    }

    /// A run begins: until now nobody expected the loop to do anything.
    func beginMeasuredRun() {
        if let turnCounter { cuv_turn_begin(turnCounter, uv) }
    }

    /// A run ends, in the middle of a turn.
    func endMeasuredRun() {
        if let turnCounter { cuv_turn_end(turnCounter, uv) }
    }
}
