import UVLoop

/// What a receiver is refused.
let receiverBehaviours: [Behaviour<OneWayPair>] = [
    Behaviour(.oneWay, "receiving less than one byte is refused") { trial in
        let pair = try await trial.pair()
        let bytes = pattern(10)
        func expectRefusal() async throws {
            for limit in [0, -1, .min] {
                try await trial.expect(.invalidArgument, of: "receive(upTo: \(limit))") {
                    try await pair.receiver.receive(upTo: limit)
                }
            }
        }
        try await expectRefusal()
        // Also when there would be something.
        let sending = trial.start("send") { try await pair.sender.send(bytes) }
        try await trial.expectBytes(Array(bytes[..<5]), from: pair.receiver)
        try await expectRefusal()
        try await trial.expectBytes(Array(bytes[5...]), from: pair.receiver)
        try await trial.value(of: sending)
    },

    Behaviour(.oneWay, "of two receivers one is busy") { trial in
        let pair = try await trial.pair()
        let other = try await trial.oneOfTwoIsBusy("receive") {
            try await pair.receiver.receive(upTo: 10)
        }
        // It is certain now that the other one waits.
        try await trial.expect(.busy, of: "receive beside another") {
            try await pair.receiver.receive(upTo: 10)
        }
        let cancelled = trial.startCancelled("receive beside another, in a cancelled task") {
            try await pair.receiver.receive(upTo: 10)
        }
        try await trial.expect(.cancelled, of: cancelled)
        try await trial.value(of: "send") { try await pair.sender.send([7]) }
        try trial.expectSame(try await trial.value(of: other) ?? [], [7])
        try await trial.transfer("after it", over: pair)
    },
]

extension Trial {
    /// Starts an operation that waits twice. One of them, no matter which, must be refused.
    /// Gives back the other one.
    ///
    /// So nobody needs to know which one came first, and in the end one is known to wait.
    func oneOfTwoIsBusy<Value: Sendable>(
        _ what: String, line: Int = #line, fileID: String = #fileID,
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Started<Value> {
        let (ends, end) = AsyncStream.makeStream(of: Int.self)
        let both = (0..<2).map { number in
            start("\(what), one of two at once") {
                defer { end.yield(number) }
                return try await operation()
            }
        }
        let refused = try await value(of: "\(what), of two", line: line, fileID: fileID) {
            await ends.first { _ in true } ?? 0
        }
        try await expect(.busy, of: both[refused], line: line, fileID: fileID)
        return both[1 - refused]
    }
}
