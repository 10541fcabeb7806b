import UVLoop

/// What a cancelled task gets, and what it leaves behind.
let cancellationBehaviours: [Behaviour<OneWayPair>] = [
    Behaviour(.oneWay, "a cancelled receive loses nothing") { trial in
        let pair = try await trial.pair()
        let receiving = trial.start("receive that is cancelled") {
            try await pair.receiver.receive(upTo: 10)
        }
        try await trial.expectWait(of: receiving, for: "bytes")
        receiving.cancel()
        try await trial.expect(.cancelled, of: receiving)
        try await trial.transfer("after it", over: pair)
    },

    Behaviour(.oneWay, "a receive that is cancelled as bytes come loses nothing") { trial in
        let pair = try await trial.pair()
        var source = Sequence64(seed: 3)
        for round in 1...100 {
            let bytes = pattern(Int.random(in: 1...200, using: &source), seed: UInt64(round))
            let receiving = trial.start("receive that is cancelled") {
                try await pair.receiver.receive(upTo: 100)
            }
            let sending = trial.start("send") { try await pair.sender.send(bytes) }
            for _ in 0..<Int.random(in: 0...6, using: &source) { await Task.yield() }
            receiving.cancel()
            var first: [UInt8] = []
            switch await trial.end(of: receiving) {
            case .success(let received): first = received ?? []
            case .failure: try await trial.expect(.cancelled, of: receiving)
            }
            try trial.expectSame(first, Array(bytes.prefix(first.count)))
            try await trial.expectBytes(Array(bytes.dropFirst(first.count)), from: pair.receiver)
            try await trial.value(of: sending)
        }
    },

    Behaviour(.oneWay, "a receive in a cancelled task is cancelled") { trial in
        let pair = try await trial.pair()
        func expectCancelled(_ circumstance: String, upTo limit: Int = 10) async throws {
            let receiving = trial.startCancelled("receive in a cancelled task, \(circumstance),") {
                try await pair.receiver.receive(upTo: limit)
            }
            try await trial.expect(.cancelled, of: receiving)
        }
        try await expectCancelled("with nothing there")
        try await expectCancelled("with a limit of zero", upTo: 0)
        let bytes = pattern(10)
        let sending = trial.start("send") { try await pair.sender.send(bytes) }
        try await trial.expectBytes(Array(bytes[..<5]), from: pair.receiver)
        try await expectCancelled("with bytes there")
        try await trial.expectBytes(Array(bytes[5...]), from: pair.receiver)
        try await trial.value(of: sending)
        let closing = trial.start("close of the sender") { try await pair.sender.close() }
        try await trial.expectEnd(of: pair.receiver)
        try await expectCancelled("after the end")
        pair.receiver.abort()
        await trial.end(of: closing)
        try await expectCancelled("after the own close")
    },

    Behaviour(.oneWay, "sending in a cancelled task is cancelled") { trial in
        // A pair for each: a cancelled send may end the sending side.
        try await trial.expectCancelledSending(by: try await trial.pair(), "send") {
            try await $0.send([1])
        }
        try await trial.expectCancelledSending(by: try await trial.pair(), "send of no bytes") {
            try await $0.send([UInt8]())
        }
        try await trial.expectCancelledSending(by: try await trial.pair(), "waitForRoom") {
            try await $0.waitForRoom()
        }
    },

    Behaviour(.oneWay, "waiting for room in a cancelled task changes nothing") { trial in
        let pair = try await trial.pair()
        let waiting = trial.startCancelled("waitForRoom in a cancelled task") {
            try await pair.sender.waitForRoom()
        }
        try await trial.expect(.cancelled, of: waiting)
        try await trial.transfer("after it", over: pair)
    },
]

extension Trial where Pair == OneWayPair {
    /// Looks that a kind of sending is cancelled: where it would succeed, where the peer is gone,
    /// and where it is closed.
    fileprivate func expectCancelledSending(
        by pair: OneWayPair, _ what: String,
        _ operation: @escaping @Sendable (any SendStream) async throws -> Void
    ) async throws {
        let sender = pair.sender
        try await expect(
            .cancelled,
            of: startCancelled("\(what) in a cancelled task") {
                try await operation(sender)
            })
        pair.receiver.abort()
        try await expectFirstBreak(of: sender)
        try await expect(
            .cancelled,
            of: startCancelled("\(what), broken, in a cancelled task") {
                try await operation(sender)
            })
        sender.abort()
        try await expect(
            .cancelled,
            of: startCancelled("\(what), closed, in a cancelled task") {
                try await operation(sender)
            })
    }
}
