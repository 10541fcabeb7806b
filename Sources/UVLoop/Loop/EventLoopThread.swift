import CUV
import Synchronization

/// An event loop on a thread of its own.
///
/// ```swift
/// let thread = try EventLoopThread(name: "io")
/// let port = try await thread.loop.perform { loop in … }
/// await thread.shutdown()
/// ```
///
/// Without ``shutdown()``, the thread ends by itself once nothing refers to this object any more.
public final class EventLoopThread: Sendable {
    /// The loop, which runs until ``shutdown()``.
    public let loop: EventLoop
    private let ending: Ending

    /// Starts a thread and returns once its loop is there.
    ///
    /// Binds `uv_thread_create`.
    ///
    /// - Parameter name: the thread's name for debuggers; the system may cut it to 15 bytes.
    /// - Throws: what the system refuses.
    public init(name: String = "UVLoop") throws(UVError) {
        let birth = Birth(name: name)
        let context = Unmanaged.passRetained(birth)
        var thread = uv_thread_t()
        let result = uv_thread_create(
            &thread, { Birth.main(Unmanaged<Birth>.fromOpaque($0!).takeRetainedValue()) },
            context.toOpaque())
        guard result == 0 else {
            context.release()
            throw UVError(rawValue: result)
        }
        pthread_detach(thread)
        loop = try birth.wait().get()
        ending = birth.ending
    }

    deinit {
        stop()
    }

    /// Ends the loop in order, and returns when it is closed: cancels the tasks of
    /// ``EventLoop/spawn(_:)``, aborts what is open, runs what was posted before. Posts after that
    /// are refused. Idempotent, from anywhere but a callback of the loop; not cut short by
    /// cancellation.
    public func shutdown() async {
        stop()
        await ending.wait()
    }

    /// Begins what ``shutdown()`` waits for.
    func stop() { try? loop.execute { $0.stop() } }
}

/// Hands the new loop, or why there is none, from the new thread to the one that waits for it.
private final class Birth: Sendable {
    private let name: String
    private let outcome = Mutex<Result<EventLoop, UVError>?>(nil)
    // Sound: initialised once here, and the functions on it are thread-safe.
    nonisolated(unsafe) private let done = UnsafeMutablePointer<uv_sem_t>.allocate(capacity: 1)
    let ending = Ending()

    init(name: String) {
        self.name = name
        uv_sem_init(done, 0)
    }

    deinit {
        uv_sem_destroy(done)
        done.deallocate()
    }

    func wait() -> Result<EventLoop, UVError> {
        uv_sem_wait(done)
        return outcome.withLock { $0! }
    }

    /// What the thread does from its first to its last instruction.
    static func main(_ birth: Birth) {
        cuv_name_thread(birth.name)
        let ending = birth.ending
        let result = Result { () throws(UVError) in try EventLoop() }
        birth.outcome.withLock { $0 = result }
        uv_sem_post(birth.done)
        guard case .success(let loop) = result else { return }
        loop.core.keepAlive(1)
        // Neither can fail: the loop is new, on this thread, and nothing else runs here.
        do {
            try loop.run()
            loop.core.keepAlive(-1)
            try loop.close()
        } catch {
            preconditionFailure("\(error)")
        }
        ending.arrive()
    }
}

/// An event that happens once, and the tasks that wait for it.
private final class Ending: Sendable {
    private struct State {
        var hasArrived = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func arrive() {
        let waiters = state.withLock { state in
            state.hasArrived = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.hasArrived { state.waiters.append(continuation) }
                return state.hasArrived
            }
            if isOver { continuation.resume() }
        }
    }
}
