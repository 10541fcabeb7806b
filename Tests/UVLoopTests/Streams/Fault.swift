import StreamConformance
import Synchronization
import UVLoop

/// Something that is wrong with a stream, and the checks that have to find it, no others.
struct Fault: Sendable, CustomStringConvertible {
    static let all =
        dataFaults + busyFaults + endFaults + cancellationFaults + waitingFaults + halfCloseFaults

    let description: String
    /// The names of the checks, without directions.
    let findings: Set<String>
    /// Checks that find it or not, as tasks happen to run.
    let chances: Set<String>
    /// What the buffers hold, if that is the fault.
    let capacity: Int?
    /// Puts the fault into a new stream.
    let apply: @Sendable (inout Mutant) -> Void

    init(
        _ description: String, capacity: Int? = nil, foundBy findings: Set<String>,
        perhaps chances: Set<String> = [],
        _ apply: @escaping @Sendable (inout Mutant) -> Void
    ) {
        self.description = description
        self.findings = findings
        self.chances = chances
        self.capacity = capacity
        self.apply = apply
    }

    /// The suite for streams with the fault.
    func suite(limit: Duration) -> StreamSuite {
        let mutated = { @Sendable (pair: (MemoryStream, MemoryStream)) in
            var (first, second) = (Mutant(pair.0), Mutant(pair.1))
            apply(&first)
            apply(&second)
            return (first, second)
        }
        var suite = StreamSuite(
            pair: { [capacity] in mutated(MemoryStream.pair(capacity: capacity ?? 65_536)) },
            cloggedPair: { [capacity] in
                let (first, second) = MemoryStream.pair(capacity: capacity ?? 3)
                for stream in [first, second] { try await stream.send([1, 2, 3]) }
                return mutated((first, second))
            })
        suite.limit = limit
        return suite
    }
}

/// What a fault remembers.
final class Switch: Sendable {
    private let state = Atomic(false)

    var isOn: Bool {
        get { state.load(ordering: .acquiring) }
        set { state.store(newValue, ordering: .releasing) }
    }
}

/// Hangs until the task is cancelled.
func forEver() async throws {
    try await Task.sleep(for: .seconds(3_600))
}

/// Tries again as long as another task is in the way.
func whenNotBusy<R>(_ operation: () async throws -> R) async throws -> R {
    while true {
        do { return try await operation() } catch StreamError.busy {}
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Throws the other error in place of the one.
func replacing<R>(
    _ error: StreamError, by other: StreamError, _ operation: () async throws -> R
) async throws -> R {
    do {
        return try await operation()
    } catch let thrown as StreamError where thrown == error {
        throw other
    }
}

/// Goes on when its task is cancelled, but no longer waits for the operation, which goes on too.
func abandoningWhenCancelled<R: Sendable>(
    _ operation: @escaping @Sendable () async throws -> R
) async throws -> R {
    let (outcomes, outcome) = AsyncThrowingStream.makeStream(of: R.self)
    Task {
        do { outcome.yield(try await operation()) } catch { outcome.finish(throwing: error) }
    }
    for try await value in outcomes { return value }
    throw CancellationError()
}
