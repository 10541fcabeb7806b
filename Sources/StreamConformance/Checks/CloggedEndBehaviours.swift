import UVLoop

/// How those who wait because nothing fits come to an end.
let cloggedEndBehaviours: [Behaviour<OneWayPair>] = [
    Behaviour(.clogged, "ending the receiver wakes the sender") { trial in
        for kind in Waiting.allCases {
            for isForced in [false, true] {
                let pair = try await trial.cloggedPair()
                let waiting = try await trial.startWaiting(kind, pair.sender)
                let closing = trial.startEnding(pair.receiver, isForced)
                // A close that takes what still comes lets a send succeed.
                if case .failure(let error) = await trial.end(of: waiting) {
                    try trial.expect(
                        Failure.broken.matches(error), "\(waiting.what) to succeed or to break",
                        but: "it threw \(error)")
                }
                pair.sender.abort()
                await trial.end(of: closing)
            }
        }
    },

    Behaviour(.clogged, "closing the sender wakes its own sending with closed") { trial in
        for kind in Waiting.allCases {
            for isForced in [false, true] {
                let pair = try await trial.cloggedPair()
                let waiting = try await trial.startWaiting(kind, pair.sender)
                let closing = trial.startEnding(pair.sender, isForced)
                try await trial.expect(.closed, of: waiting)
                pair.receiver.abort()
                await trial.end(of: closing)
            }
        }
    },

    Behaviour(.clogged, "a close of the sender that is cancelled closes at once") { trial in
        let pair = try await trial.cloggedPair()
        let closing = trial.start("close that is cancelled") { try await pair.sender.close() }
        await trial.settle(closing)
        closing.cancel()
        await trial.end(of: closing)
        try await trial.expectRefusal(.closed, by: pair.sender, "after a cancelled close")
        try await trial.expectSomeEnd(of: pair.receiver)
    },

    Behaviour(.clogged, "an abort of the sender ends the stream for the receiver") { trial in
        let pair = try await trial.cloggedPair()
        pair.sender.abort()
        try await trial.expectSomeEnd(of: pair.receiver)
    },
]

/// What a sender can wait in.
private enum Waiting: String, CaseIterable {
    case send, waitForRoom
}

extension Trial where Pair == OneWayPair {
    fileprivate func startWaiting(
        _ kind: Waiting, _ sender: any SendStream, line: Int = #line, fileID: String = #fileID
    ) async throws -> Started<Void> {
        let waiting = start("\(kind.rawValue) where nothing fits") {
            switch kind {
            case .send: try await sender.send(pattern(50_000))
            case .waitForRoom: try await sender.waitForRoom()
            }
        }
        try await expectWait(
            of: waiting, for: "the peer to receive", line: line, fileID: fileID)
        return waiting
    }

    /// Looks that the stream ends, or breaks, after whatever was sent.
    fileprivate func expectSomeEnd(
        of receiver: any ReceiveStream, line: Int = #line, fileID: String = #fileID
    ) async throws {
        let draining = startDraining(receiver)
        if case .failure(let error) = await end(of: draining, line: line, fileID: fileID) {
            try expect(
                Failure.broken.matches(error), "the end, or broken", but: "it threw \(error)",
                line: line, fileID: fileID)
        }
    }
}
