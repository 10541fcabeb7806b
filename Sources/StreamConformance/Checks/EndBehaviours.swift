import UVLoop

/// How a stream ends for the peer of the side that ends it.
let endBehaviours: [Behaviour<OneWayPair>] = [
    Behaviour(.oneWay, "what was sent before a close arrives, and then the end") { trial in
        for count in [1, 1_000, 200_000] {
            let pair = try await trial.pair()
            let bytes = pattern(count)
            let sending = trial.start("send and close") {
                try await pair.sender.send(bytes)
                try await pair.sender.close()
            }
            // As much of that as can be without a receiver.
            await trial.settle(sending)
            try trial.expectSame(try await trial.receiveToEnd(from: pair.receiver), bytes)
            let closing = trial.start("close of the receiver") { try await pair.receiver.close() }
            try await trial.value(of: sending)
            try await trial.value(of: closing)
        }
    },

    Behaviour(.oneWay, "the end stays the end") { trial in
        let pair = try await trial.pair()
        let closing = trial.start("close of the sender") { try await pair.sender.close() }
        for _ in 0..<3 { try await trial.expectEnd(of: pair.receiver) }
        await trial.close(pair.receiver)
        await trial.end(of: closing)
    },

    Behaviour(.oneWay, "sending to a closed peer breaks, and stays broken") { trial in
        let pair = try await trial.pair()
        let closing = trial.start("close of the receiver") { try await pair.receiver.close() }
        try await trial.expectBreak(of: pair.sender)
        pair.sender.abort()
        await trial.end(of: closing)
    },

    Behaviour(.oneWay, "sending to an aborted peer breaks, and stays broken") { trial in
        let pair = try await trial.pair()
        pair.receiver.abort()
        try await trial.expectBreak(of: pair.sender)
    },

    Behaviour(.oneWay, "an aborted sender's stream ends for the receiver") { trial in
        let pair = try await trial.pair()
        let receiving = trial.start("receive from a sender that aborts") {
            try await pair.receiver.receive(upTo: 10)
        }
        await trial.settle(receiving)
        pair.sender.abort()
        try await trial.expectEndOrBreak(of: receiving)
        let again = trial.start("receive from a sender that has aborted") {
            try await pair.receiver.receive(upTo: 10)
        }
        try await trial.expectEndOrBreak(of: again)
    },

    Behaviour(.oneWay, "an abort of both sides at once hangs nobody") { trial in
        let pair = try await trial.pair()
        let receiving = trial.start("receive") { try await pair.receiver.receive(upTo: 10) }
        let sending = trial.start("send of much") {
            let bytes = pattern(10_000)
            // More than fits, but not without a bound: the stream may take whatever comes.
            for _ in 0..<1_000 {
                try await pair.sender.send(bytes)
                await Task.yield()
            }
        }
        await trial.settle(sending)
        let aborts = [
            trial.start("abort of the sender") { pair.sender.abort() },
            trial.start("abort of the receiver") { pair.receiver.abort() },
        ]
        for abort in aborts { try await trial.value(of: abort) }
        await trial.end(of: receiving)
        await trial.end(of: sending)
    },
]

extension Trial {
    /// Closes, whatever comes of it: a peer that has gone may have taken the grace with it.
    func close(
        _ stream: any ReceiveStream, line: Int = #line, fileID: String = #fileID
    ) async {
        await end(of: start("close") { try await stream.close() }, line: line, fileID: fileID)
    }

    /// Sends until the stream is broken.
    func expectFirstBreak(
        of sender: any SendStream, line: Int = #line, fileID: String = #fileID
    ) async throws {
        let sending = start("send until the peer's end is noticed") {
            while true {
                try await sender.send(pattern(100))
                // A network takes its time, and the peer may take what comes for a while.
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        try await expect(.broken, of: sending, line: line, fileID: fileID)
    }

    /// Sends until the stream is broken, then looks that it stays so, for all kinds of sending.
    func expectBreak(
        of sender: any SendStream, line: Int = #line, fileID: String = #fileID
    ) async throws {
        try await expectFirstBreak(of: sender, line: line, fileID: fileID)
        for _ in 0..<2 {
            try await expectRefusals(
                .broken, by: sender, "once broken", line: line, fileID: fileID)
        }
    }

    /// Looks that a byte cannot be sent.
    func expectRefusal(
        _ failure: Failure, by sender: any SendStream, _ circumstance: String,
        line: Int = #line, fileID: String = #fileID
    ) async throws {
        try await expect(failure, of: "send, \(circumstance),", line: line, fileID: fileID) {
            try await sender.send([1])
        }
    }

    /// Looks that no kind of sending succeeds.
    func expectRefusals(
        _ failure: Failure, by sender: any SendStream, _ circumstance: String,
        line: Int = #line, fileID: String = #fileID
    ) async throws {
        try await expectRefusal(
            failure, by: sender, circumstance, line: line, fileID: fileID)
        try await expect(
            failure, of: "send of no bytes, \(circumstance),", line: line, fileID: fileID
        ) {
            try await sender.send([UInt8]())
        }
        try await expect(failure, of: "waitForRoom, \(circumstance),", line: line, fileID: fileID) {
            try await sender.waitForRoom()
        }
    }

    /// Looks that receiving has given the end, or has failed because of the peer.
    func expectEndOrBreak(
        of receiving: Started<[UInt8]?>, line: Int = #line, fileID: String = #fileID
    ) async throws {
        switch await end(of: receiving, line: line, fileID: fileID) {
        case .success(nil): return
        case .failure(let error) where Failure.broken.matches(error): return
        case .success(let bytes?):
            try expect(
                false, "the end, or broken", but: "\(bytes.count) bytes came",
                line: line, fileID: fileID)
        case .failure(let error):
            try expect(
                false, "the end, or broken", but: "it threw \(error)", line: line, fileID: fileID)
        }
    }
}
