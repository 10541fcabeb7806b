import CUV

/// Watches in debug mode, from a thread of its own, how long the loop has been in the same
/// callback: one that never ends could not be reported at its end.
///
/// A callback costs two short locks. Without debug mode there is no watchdog.
final class Watchdog: Sendable {
    typealias Report = @Sendable (String) -> Void

    private struct State {
        /// The callback that the loop is in, and what that calls.
        var source = CallbackSource.loop
        var place: SourcePlace?
        var depth = 0
        var start: UInt64 = 0
        var isReported = false
        var threshold: UInt64
        var isOver = false
    }

    private let report: Report
    // Sound: initialised once, and the functions on them are thread-safe.
    nonisolated(unsafe) private let mutex = UnsafeMutablePointer<uv_mutex_t>.allocate(capacity: 1)
    nonisolated(unsafe) private let change = UnsafeMutablePointer<uv_cond_t>.allocate(capacity: 1)
    // Sound: touched by holders of the mutex only.
    nonisolated(unsafe) private var state: State

    /// - Parameters:
    ///   - threshold: nanoseconds.
    ///   - report: called once for each callback that lasts longer, on the watchdog's thread.
    init(threshold: UInt64, _ report: @escaping Report) {
        self.report = report
        state = State(threshold: Self.limited(threshold))
        uv_mutex_init(mutex)
        uv_cond_init(change)
    }

    deinit {
        uv_cond_destroy(change)
        uv_mutex_destroy(mutex)
        change.deallocate()
        mutex.deallocate()
    }

    /// Starts the thread. Where the system refuses one, nobody watches.
    func start() {
        let context = Unmanaged.passRetained(self)
        var thread = uv_thread_t()
        let result = uv_thread_create(
            &thread, { Unmanaged<Watchdog>.fromOpaque($0!).takeRetainedValue().watch() },
            context.toOpaque())
        if result == 0 { pthread_detach(thread) } else { context.release() }
    }

    /// Ends the thread, soon.
    func stop() {
        withState { $0.isOver = true }
        uv_cond_signal(change)
    }

    func setThreshold(_ nanoseconds: UInt64) {
        withState { $0.threshold = Self.limited(nanoseconds) }
        uv_cond_signal(change)
    }

    /// Not so short that the thread would be busy.
    private static func limited(_ threshold: UInt64) -> UInt64 { max(threshold, 1_000_000) }

    // MARK: The loop's thread

    /// A callback begins. What it calls in its turn is a part of it.
    func enter(_ source: CallbackSource, _ place: SourcePlace?, at start: UInt64) {
        withState { state in
            state.depth += 1
            guard state.depth == 1 else { return }
            (state.source, state.place, state.start) = (source, place, start)
            state.isReported = false
        }
    }

    /// It has ended. It may have begun before there was a watchdog.
    func leave() {
        withState { $0.depth = max($0.depth - 1, 0) }
    }

    private func withState<R>(_ body: (inout State) -> R) -> R {
        uv_mutex_lock(mutex)
        defer { uv_mutex_unlock(mutex) }
        return body(&state)
    }

    // MARK: The watchdog's thread

    private func watch() {
        cuv_name_thread("UVLoop watchdog")
        uv_mutex_lock(mutex)
        while !state.isOver {
            let running = state.depth > 0 && !state.isReported ? uv_hrtime() - state.start : 0
            if running >= state.threshold {
                state.isReported = true
                let message = Self.message(state, running)
                uv_mutex_unlock(mutex)
                report(message)
                uv_mutex_lock(mutex)
            } else {
                uv_cond_timedwait(change, mutex, state.threshold - running)
            }
        }
        uv_mutex_unlock(mutex)
    }

    private static func message(_ state: State, _ running: UInt64) -> String {
        let seconds = Double(running / 10_000_000) / 100
        return "\(state.source.described(at: state.place)) has been running for \(seconds) s "
            + "and has not ended: the loop stands still"
    }
}
