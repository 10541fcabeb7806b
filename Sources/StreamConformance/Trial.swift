import Synchronization
import UVLoop

/// One run of a check: makes its pairs, knows what it waits for, and says what is wrong.
///
/// Operations are done by way of ``value(of:line:fileID:_:)`` and its like, so that a hang can be
/// told, and every unexpected outcome is a violation.
final class Trial<Pair: StreamPair>: Sendable {
    private struct State {
        var pairs: [Pair] = []
        /// Cancel what was started.
        var cancels: [@Sendable () -> Void] = []
        /// What was started and has failed: one of these may be why the check hangs.
        var failures: [String] = []
        var isOver = false
        /// What the check is doing, and where.
        var step = "begin"
        var fileID = #fileID
        var line = #line
    }

    let behaviour: String
    let executor: (any TaskExecutor)?
    private let maker: PairMaker<Pair>
    private let state = Mutex(State())

    init(_ behaviour: String, _ maker: PairMaker<Pair>, _ executor: (any TaskExecutor)?) {
        self.behaviour = behaviour
        self.maker = maker
        self.executor = executor
    }

    // MARK: Pairs

    func pair(line: Int = #line, fileID: String = #fileID) async throws -> Pair {
        enter("the making of a pair", fileID, line)
        return keep(try await maker.pair())
    }

    /// Behaviours that ask for one are not looked at where there is none.
    func cloggedPair(line: Int = #line, fileID: String = #fileID) async throws -> Pair {
        enter("the making of a clogged pair", fileID, line)
        return keep(try await maker.cloggedPair!())
    }

    private func keep(_ pair: Pair) -> Pair {
        let isOver = state.withLock { state in
            state.pairs.append(pair)
            return state.isOver
        }
        if isOver { pair.abort() }
        return pair
    }

    /// Leaves nothing open and nothing at work, as far as a wrong stream lets it.
    func cleanUp() {
        let (pairs, cancels) = state.withLock { state in
            state.isOver = true
            return (state.pairs, state.cancels)
        }
        for pair in pairs { pair.abort() }
        for cancel in cancels { cancel() }
    }

    // MARK: Operations

    /// Does something that must succeed.
    @discardableResult
    func value<Value>(
        of what: String, line: Int = #line, fileID: String = #fileID,
        _ operation: () async throws -> Value
    ) async throws -> Value {
        enter(what, fileID, line)
        do {
            return try await operation()
        } catch let error as ConformanceViolation {
            throw error
        } catch {
            throw violation("\(what) to succeed", "it threw \(error)", fileID, line)
        }
    }

    /// Does something that must fail, and how.
    func expect<Value>(
        _ failure: Failure, of what: String, line: Int = #line, fileID: String = #fileID,
        _ operation: () async throws -> Value
    ) async throws {
        enter(what, fileID, line)
        do {
            let value = try await operation()
            throw violation(
                "\(what) to throw \(failure)", "it returned \(describe(value))", fileID, line)
        } catch let error as ConformanceViolation {
            throw error
        } catch {
            guard !failure.matches(error) else { return }
            throw violation("\(what) to throw \(failure)", "it threw \(error)", fileID, line)
        }
    }

    /// Waits for something whose outcome may be any.
    @discardableResult
    func end<Value: Sendable>(
        of started: Started<Value>, line: Int = #line, fileID: String = #fileID
    ) async -> Result<Value, any Error> {
        enter(started.what, fileID, line)
        return await started.result
    }

    /// Waits for something that was started and must succeed.
    @discardableResult
    func value<Value: Sendable>(
        of started: Started<Value>, line: Int = #line, fileID: String = #fileID
    ) async throws -> Value {
        try await value(of: started.what, line: line, fileID: fileID) {
            try await started.result.get()
        }
    }

    /// Waits for something that was started and must fail, and how.
    func expect<Value: Sendable>(
        _ failure: Failure, of started: Started<Value>,
        line: Int = #line, fileID: String = #fileID
    ) async throws {
        try await expect(failure, of: started.what, line: line, fileID: fileID) {
            try await started.result.get()
        }
    }

    func expect(
        _ condition: Bool, _ expected: String, but actual: @autoclosure () -> String,
        line: Int = #line, fileID: String = #fileID
    ) throws {
        guard condition else { throw violation(expected, actual(), fileID, line) }
    }

    // MARK: Operations that wait

    /// Starts an operation in a task of its own.
    func start<Value: Sendable>(
        _ what: String, isCancelled: Bool = false,
        _ operation: @escaping @Sendable () async throws -> Value
    ) -> Started<Value> {
        let started = Started(what, executor, isCancelled: isCancelled) {
            do {
                return try await operation()
            } catch {
                self.state.withLock { $0.failures.append("\(what) threw \(error)") }
                throw error
            }
        }
        state.withLock { $0.cancels.append { started.cancel() } }
        return started
    }

    /// Starts an operation in a task that is cancelled already.
    func startCancelled<Value: Sendable>(
        _ what: String, _ operation: @escaping @Sendable () async throws -> Value
    ) -> Started<Value> {
        start(what, isCancelled: true, operation)
    }

    /// Lets something that was started come as far as it can.
    ///
    /// That a stream conforms must not depend on it: no time is long enough for sure. What is wrong
    /// with a stream that does not conform, though, may show only in an operation that waits.
    func settle(
        _ started: Started<some Sendable>, line: Int = #line, fileID: String = #fileID
    ) async {
        enter("the task of \(started.what)", fileID, line)
        await started.begun.wait()
        for _ in 0..<50 where !started.ended.isOpen { await Task.yield() }
        // For streams that work on threads of their own.
        try? await Task.sleep(for: .milliseconds(2))
    }

    /// Lets an operation come to where it must wait, and looks that it has not ended.
    func expectWait(
        of started: Started<some Sendable>, for reason: String,
        line: Int = #line, fileID: String = #fileID
    ) async throws {
        await settle(started, line: line, fileID: fileID)
        guard started.ended.isOpen else { return }
        let end =
            switch await started.result {
            case .success(let value): "it returned \(describe(value))"
            case .failure(let error): "it threw \(error)"
            }
        throw violation("\(started.what) to wait for \(reason)", end, fileID, line)
    }

    // MARK: What to say

    private func enter(_ step: String, _ fileID: String, _ line: Int) {
        state.withLock {
            $0.step = step
            $0.fileID = fileID
            $0.line = line
        }
    }

    private func violation(
        _ expected: String, _ actual: String, _ fileID: String, _ line: Int
    ) -> ConformanceViolation {
        ConformanceViolation(
            behaviour: behaviour, expected: expected, actual: actual, fileID: fileID, line: line)
    }

    /// That the check has not gone on from where it is.
    func hang(after limit: Duration) -> ConformanceViolation {
        let state = state.withLock { $0 }
        let before = state.failures.map { "; \($0)" }.joined()
        return violation(
            "\(state.step) to end", "it has not after \(limit)\(before)", state.fileID, state.line)
    }
}

/// How an operation has to fail.
enum Failure: String, CustomStringConvertible {
    case busy, closed, broken, invalidArgument
    case cancelled = "CancellationError"

    var description: String { rawValue }

    func matches(_ error: any Error) -> Bool {
        if error is CancellationError { return self == .cancelled }
        return switch error as? StreamError {
        case .busy: self == .busy
        case .closed: self == .closed
        case .broken: self == .broken
        case .invalidArgument: self == .invalidArgument
        default: false
        }
    }
}

/// A value for a message.
private func describe(_ value: Any) -> String {
    if let bytes = value as? [UInt8], bytes.count > 20 { return "\(bytes.count) bytes" }
    return value is Void ? "normally" : "\(value)"
}
