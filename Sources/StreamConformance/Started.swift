import Synchronization

/// An operation in a task of its own.
final class Started<Value: Sendable>: Sendable {
    /// What it does, for messages.
    let what: String
    private let task: Task<Value, any Error>
    /// Opens when the task runs, and when it has ended.
    let begun: Signal
    let ended: Signal

    init(
        _ what: String, _ executor: (any TaskExecutor)?, isCancelled: Bool,
        _ operation: @escaping @Sendable () async throws -> Value
    ) {
        self.what = what
        let begun = Signal()
        let ended = Signal()
        self.begun = begun
        self.ended = ended
        task = Task(executorPreference: executor) {
            defer { ended.open() }
            if isCancelled { withUnsafeCurrentTask { $0?.cancel() } }
            begun.open()
            return try await operation()
        }
    }

    func cancel() { task.cancel() }

    /// Waits for its end.
    var result: Result<Value, any Error> {
        get async { await task.result }
    }
}

/// Opens once and for all.
final class Signal: Sendable {
    private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>(
        (false, []))

    var isOpen: Bool { state.withLock { $0.isOpen } }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
