import Synchronization
import UVLoop

/// The connection between two ends in memory: a pipe each way, and the tasks that wait at them.
final class MemoryLink: Sendable {
    enum Side: Int {
        case first, second
        var other: Side { self == .first ? .second : .first }
    }

    private struct State {
        /// By the side that sends.
        var pipes: [Pipe]
        var waiting: [Pipe.Ticket: CheckedContinuation<Pipe.Outcome, Never>] = [:]
        var lastTicket = 0

        subscript(from side: Side) -> Pipe {
            get { pipes[side.rawValue] }
            set { pipes[side.rawValue] = newValue }
        }
    }

    private let state: Mutex<State>

    init(capacity: Int) {
        state = Mutex(State(pipes: [Pipe(capacity: capacity), Pipe(capacity: capacity)]))
    }

    /// Changes the pipes, then resumes those whose wait is over: outside of the lock, because what
    /// a task does next may come back here at once.
    private func change<Failure: Error>(
        _ body: (inout State) throws(Failure) -> [Pipe.Wakeup]
    ) throws(Failure) {
        let ready = try state.withLock { state throws(Failure) in
            try body(&state).map { ($0.outcome, state.waiting.removeValue(forKey: $0.ticket)!) }
        }
        for (outcome, continuation) in ready { continuation.resume(returning: outcome) }
    }

    /// Begins an operation on the pipe from a side, and suspends until it is over.
    private func perform(
        from side: Side, isolation: isolated (any Actor)?,
        _ operation: @Sendable (inout Pipe, Pipe.Ticket) -> [Pipe.Wakeup]
    ) async throws -> [UInt8]? {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        let outcome = await withTaskCancellationHandler {
            // Captured, or the closure would run on the global executor.
            _ = isolation
            return await withCheckedContinuation { continuation in
                change { state in
                    state.waiting[ticket] = continuation
                    let wakeups = operation(&state[from: side], ticket)
                    // The handler below may have run before there was anything to cancel.
                    return Task.isCancelled ? wakeups + state[from: side].cancel(ticket) : wakeups
                }
            }
        } onCancel: {
            change { $0[from: side].cancel(ticket) }
        }
        switch outcome {
        case .done: return nil
        case .received(let bytes): return bytes
        case .failed(let error): throw error
        case .cancelled: throw CancellationError()
        }
    }

    // MARK: What the ends do

    func send(
        _ bytes: some ByteContainer, from side: Side,
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        if Task.isCancelled {
            change { state in
                state[from: side].cutOff()
                return []
            }
            throw CancellationError()
        }
        let copy = bytes.withUnsafeBytes { [UInt8]($0) }
        _ = try await perform(from: side, isolation: isolation) { $0.send(copy, $1) }
    }

    func waitForRoom(from side: Side, isolation: isolated (any Actor)? = #isolation) async throws {
        try Task.checkCancellation()
        _ = try await perform(from: side, isolation: isolation) { $0.waitForRoom($1) }
    }

    func receive(
        upTo limit: Int, at side: Side, isolation: isolated (any Actor)? = #isolation
    ) async throws -> [UInt8]? {
        try Task.checkCancellation()
        return try await perform(from: side.other, isolation: isolation) {
            $0.receive(upTo: limit, $1)
        }
    }

    func sendEOF(from side: Side) throws {
        try Task.checkCancellation()
        try change { state throws(StreamError) in try state[from: side].end() }
    }

    func close(_ side: Side) throws {
        guard !Task.isCancelled else {
            abort(side)
            throw CancellationError()
        }
        var obstacle: UVError?
        change { state in
            obstacle = state[from: side].obstacle
            let wakeups =
                obstacle == nil
                ? state[from: side].closeWriting() : state[from: side].abortWriting()
            return wakeups + state[from: side.other].closeReading(.brokenPipe)
        }
        if let obstacle { throw StreamError.broken(obstacle) }
    }

    func abort(_ side: Side) {
        change { state in
            state[from: side].abortWriting()
                + state[from: side.other].closeReading(.connectionReset)
        }
    }

    func fail(_ error: UVError) {
        change { state in
            state[from: .first].fail(error) + state[from: .second].fail(error)
        }
    }
}
