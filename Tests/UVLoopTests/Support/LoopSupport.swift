import CUV
import Synchronization
import UVLoop

/// Runs a closure on a thread that exists for it alone, as a part of the calling task, so that
/// expectations in it belong to the test.
///
/// A loop blocks the thread that runs it. On the threads of Swift's own pool, of which there are as
/// few as cores, several tests at once would leave none to run what they wait for.
@discardableResult
func onThread<R: Sendable>(_ body: () throws -> R) async throws -> R {
    nonisolated(unsafe) let body = body
    return try await withTaskExecutorPreference(ThreadPerJob()) { try body() }
}

/// Makes a loop on a thread of its own, calls the closure there, and closes the loop.
@discardableResult
func withLoop<R: Sendable>(_ body: (EventLoop) throws -> R) async throws -> R {
    try await onThread {
        let loop = try EventLoop()
        let result = Result { try body(loop) }
        try loop.close()
        return try result.get()
    }
}

/// ``EventLoop/run(_:)`` on a thread of its own.
@discardableResult
func runLoop<R: Sendable>(
    _ body: @escaping (isolated EventLoop) async throws -> R
) async throws -> R {
    nonisolated(unsafe) let body = body
    return try await onThread { try EventLoop.run(body) }
}

/// Starts a plain thread that belongs to no task.
func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = uv_thread_t()
    let result = uv_thread_create(
        &thread, { Unmanaged<Box>.fromOpaque($0!).takeRetainedValue().body() },
        Unmanaged.passRetained(Box(body)).toOpaque())
    precondition(result == 0)
    pthread_detach(thread)
}

/// Runs every job on a new thread.
private final class ThreadPerJob: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = self
        startThread { job.runSynchronously(on: executor.asUnownedTaskExecutor()) }
    }
}

/// The error that callbacks of tests throw.
struct Planned: Error, Equatable, CustomStringConvertible {
    var number = 0
    var description: String { "planned error \(number)" }
}

/// A semaphore that blocks the calling thread: for what no await can express.
final class Gate: Sendable {
    nonisolated(unsafe) private let semaphore: UnsafeMutablePointer<uv_sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        uv_sem_init(semaphore, 0)
    }

    deinit {
        uv_sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open() { uv_sem_post(semaphore) }
    func wait() { uv_sem_wait(semaphore) }
}

/// Says when it goes.
final class Canary {
    private let onDeath: () -> Void
    init(_ onDeath: @escaping () -> Void) { self.onDeath = onDeath }
    deinit { onDeath() }
}

/// Which thread it is.
struct ThreadIdentity: Hashable, Sendable {
    private let token: UInt

    static var current: ThreadIdentity { ThreadIdentity(token: cuv_thread_token()) }
}

/// A number that any thread may count up.
final class Counter: Sendable {
    private let number = Atomic(0)

    /// Adds one and returns how many there are.
    @discardableResult
    func increment() -> Int { number.add(1, ordering: .acquiringAndReleasing).newValue }
    var value: Int { number.load(ordering: .acquiring) }
}

/// Opens once and for all; tasks wait for it without blocking a thread, and are not cut short by
/// cancellation.
final class AsyncGate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>(
        (false, []))

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    nonisolated(nonsending) func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// A value that any thread may set and read.
final class Mutexed<Value: Sendable>: Sendable {
    private let content: Mutex<Value?>

    init(_ value: Value? = nil) { content = Mutex(value) }

    var value: Value? {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }

    /// Changes a value that has been set.
    func update(_ change: (inout Value) -> Void) {
        content.withLock { content in
            guard var value = content else { return }
            change(&value)
            content = value
        }
    }
}
