import UVLoop

/// What every stream has to do, as checks that run on one kind of stream.
///
/// The suite is told how to make a connected pair. With Swift Testing each check is a test case:
///
/// ```swift
/// @Suite struct MemoryStreamConformance {
///     static let suite = StreamSuite(pair: { MemoryStream.pair() })
///
///     @Test(arguments: suite.checks)
///     func conforms(_ check: StreamCheck) async throws { try await check.run() }
/// }
/// ```
///
/// XCTest, or anything else, calls ``run()``. A check that finds a fault throws a
/// ``ConformanceViolation``. It never fails a stream that conforms, however busy the machine is.
public struct StreamSuite: Sendable {
    /// How long a check may take; then the operation that it waits for counts as hung. A minute
    /// unless it is set, far above what any load needs.
    public var limit = Duration.seconds(60)

    /// Where the checks use the streams; nil is Swift's own pool of threads.
    public var executor: (any TaskExecutor)?

    private let makeChecks: @Sendable (StreamSuite) -> [StreamCheck]

    /// The suite for streams in both directions. Each check runs twice, with the
    /// sides exchanged.
    ///
    /// - Parameters:
    ///   - pair: makes two streams that are connected with each other. Each check makes its own
    ///     pairs, and aborts them in the end.
    ///   - cloggedPair: as `pair`, but on both sides nothing can be sent without waiting until the
    ///     peer receives. Without it the clogged checks are left out.
    public init<First: ByteStream, Second: ByteStream>(
        pair: @escaping @Sendable () async throws -> (First, Second),
        cloggedPair: (@Sendable () async throws -> (First, Second))? = nil
    ) {
        let plain: @Sendable () async throws -> TwoWayPair = {
            let (first, second) = try await pair()
            return TwoWayPair(first: first, second: second)
        }
        let clogged = cloggedPair.map { make in
            { @Sendable () async throws -> TwoWayPair in
                let (first, second) = try await make()
                return TwoWayPair(first: first, second: second)
            }
        }
        let maker = PairMaker(pair: plain, cloggedPair: clogged)
        makeChecks = { suite in
            suite.checks(oneWayBehaviours, maker.map(\.forward), note: "first to second")
                + suite.checks(twoWayBehaviours, maker, note: "first to second")
                + suite.checks(oneWayBehaviours, maker.map(\.backward), note: "second to first")
                + suite.checks(twoWayBehaviours, maker.map(\.swapped), note: "second to first")
        }
    }

    /// The suite for streams in one direction.
    ///
    /// - Parameters:
    ///   - pair: makes the two ends of a stream. Each check makes its own, and aborts them in the
    ///     end.
    ///   - cloggedPair: as `pair`, but nothing can be sent without waiting until the receiver
    ///     receives. Without it the clogged checks are left out.
    public init<Sender: SendStream, Receiver: ReceiveStream>(
        oneWay pair: @escaping @Sendable () async throws -> (Sender, Receiver),
        cloggedPair: (@Sendable () async throws -> (Sender, Receiver))? = nil
    ) {
        let plain: @Sendable () async throws -> OneWayPair = {
            let (sender, receiver) = try await pair()
            return OneWayPair(sender: sender, receiver: receiver)
        }
        let clogged = cloggedPair.map { make in
            { @Sendable () async throws -> OneWayPair in
                let (sender, receiver) = try await make()
                return OneWayPair(sender: sender, receiver: receiver)
            }
        }
        let maker = PairMaker(pair: plain, cloggedPair: clogged)
        makeChecks = { suite in suite.checks(oneWayBehaviours, maker) }
    }

    /// The checks, to be run one by one, in any order, also at the same time.
    public var checks: [StreamCheck] { makeChecks(self) }

    /// Runs all checks, one after another, up to the first violation.
    ///
    /// - Throws: ``ConformanceViolation``; the error of a maker of pairs; `CancellationError`.
    public func run() async throws {
        for check in checks { try await check.run() }
    }

    /// The checks of the behaviours that pairs of this maker can show.
    private func checks<Pair: StreamPair>(
        _ behaviours: [Behaviour<Pair>], _ maker: PairMaker<Pair>, note: String? = nil
    ) -> [StreamCheck] {
        behaviours.filter { !$0.isClogged || maker.cloggedPair != nil }.map { behaviour in
            let name = note.map { "\(behaviour.name) (\($0))" } ?? behaviour.name
            return StreamCheck(name: name, group: behaviour.group) { [limit, executor] in
                let trial = Trial(name, maker, executor)
                try await Watchdog(limit: limit).watch(trial) { try await behaviour.body(trial) }
            }
        }
    }
}
