import UVLoop

/// Two ends that a check is given.
protocol StreamPair: Sendable {
    func abort()
}

/// The ends of a stream in one direction, or of one direction of a stream.
struct OneWayPair: StreamPair {
    let sender: any SendStream
    let receiver: any ReceiveStream

    func abort() {
        sender.abort()
        receiver.abort()
    }
}

/// The ends of a stream in both directions.
struct TwoWayPair: StreamPair {
    let first: any ByteStream
    let second: any ByteStream

    var swapped: TwoWayPair { TwoWayPair(first: second, second: first) }
    var forward: OneWayPair { OneWayPair(sender: first, receiver: second) }
    var backward: OneWayPair { OneWayPair(sender: second, receiver: first) }

    func abort() {
        first.abort()
        second.abort()
    }
}

/// How pairs are made.
struct PairMaker<Pair: StreamPair>: Sendable {
    let pair: @Sendable () async throws -> Pair
    let cloggedPair: (@Sendable () async throws -> Pair)?

    /// Makes the same pairs in another form.
    func map<Other>(
        _ transform: @escaping @Sendable (Pair) -> Other
    ) -> PairMaker<Other> {
        func transformed(
            _ make: @escaping @Sendable () async throws -> Pair
        ) -> @Sendable () async throws -> Other {
            { transform(try await make()) }
        }
        return PairMaker<Other>(
            pair: transformed(pair), cloggedPair: cloggedPair.map(transformed))
    }
}

/// Something that all streams do, and how that is looked at.
struct Behaviour<Pair: StreamPair>: Sendable {
    let name: String
    let group: StreamCheck.Group
    /// Whether it is looked at on a clogged pair.
    let isClogged: Bool
    let body: @Sendable (Trial<Pair>) async throws -> Void

    init(
        _ group: StreamCheck.Group, _ name: String, isClogged: Bool = false,
        _ body: @escaping @Sendable (Trial<Pair>) async throws -> Void
    ) {
        self.name = name
        self.group = group
        self.isClogged = isClogged || group == .clogged
        self.body = body
    }
}

let oneWayBehaviours =
    transferBehaviours + receiverBehaviours + endBehaviours + closingBehaviours
    + cancellationBehaviours + cloggedBehaviours + cloggedEndBehaviours

let twoWayBehaviours = bothWaysBehaviours + halfCloseBehaviours
