import UVLoop

/// What waits as long as nothing fits.
let cloggedBehaviours: [Behaviour<OneWayPair>] = [
    Behaviour(.clogged, "a send waits until the peer receives") { trial in
        let pair = try await trial.cloggedPair()
        let bytes = pattern(50_000)
        let sending = trial.start("send that does not fit") { try await pair.sender.send(bytes) }
        try await trial.expectWait(of: sending, for: "the peer to receive")
        let draining = trial.startDraining(pair.receiver)
        try await trial.value(of: sending)
        try await trial.expectTail(bytes, of: draining, over: pair)
    },

    Behaviour(.clogged, "waiting for room waits until the peer receives") { trial in
        let pair = try await trial.cloggedPair()
        let bytes = pattern(10)
        let waiting = trial.start("waitForRoom where there is none") {
            try await pair.sender.waitForRoom()
        }
        try await trial.expectWait(of: waiting, for: "the peer to receive")
        let draining = trial.startDraining(pair.receiver)
        try await trial.value(of: waiting)
        try await trial.value(of: "send into the room") { try await pair.sender.send(bytes) }
        try await trial.expectTail(bytes, of: draining, over: pair)
    },

    Behaviour(.clogged, "an empty send does not wait for the peer") { trial in
        let pair = try await trial.cloggedPair()
        for _ in 0..<2 {
            try await trial.value(of: "send of no bytes") { try await pair.sender.send([UInt8]()) }
        }
        let sending = trial.start("send that does not fit") { try await pair.sender.send([1]) }
        try await trial.expectWait(of: sending, for: "the peer to receive")
    },

    Behaviour(.clogged, "of two senders one is busy") { trial in
        let pair = try await trial.cloggedPair()
        let bytes = pattern(5_000)
        let other = try await trial.oneOfTwoIsBusy("send that does not fit") {
            try await pair.sender.send(bytes)
        }
        // It is certain now that the other one waits.
        try await trial.expectRefusals(.busy, by: pair.sender, "beside another")
        let cancelled = trial.startCancelled("send beside another, in a cancelled task") {
            try await pair.sender.send(bytes)
        }
        try await trial.expect(.cancelled, of: cancelled)
        let draining = trial.startDraining(pair.receiver)
        try await trial.value(of: other)
        try await trial.expectTail(bytes, of: draining, over: pair)
    },

    Behaviour(.clogged, "of two that wait for room one is busy") { trial in
        let pair = try await trial.cloggedPair()
        let bytes = pattern(10)
        let other = try await trial.oneOfTwoIsBusy("waitForRoom") {
            try await pair.sender.waitForRoom()
        }
        try await trial.expectRefusals(.busy, by: pair.sender, "beside a wait for room")
        let draining = trial.startDraining(pair.receiver)
        try await trial.value(of: other)
        try await trial.value(of: "send into the room") { try await pair.sender.send(bytes) }
        try await trial.expectTail(bytes, of: draining, over: pair)
    },

    Behaviour(.clogged, "a cancelled send ends the sending side") { trial in
        let pair = try await trial.cloggedPair()
        let bytes = pattern(50_000)
        let sending = trial.start("send that is cancelled") { try await pair.sender.send(bytes) }
        try await trial.expectWait(of: sending, for: "the peer to receive")
        sending.cancel()
        try await trial.expect(.cancelled, of: sending)
        try await trial.expectRefusal(.broken, by: pair.sender, "after a cancelled send")
    },

    Behaviour(.clogged, "a cancelled wait for room changes nothing") { trial in
        let pair = try await trial.cloggedPair()
        let bytes = pattern(10)
        let waiting = trial.start("waitForRoom that is cancelled") {
            try await pair.sender.waitForRoom()
        }
        try await trial.expectWait(of: waiting, for: "the peer to receive")
        waiting.cancel()
        try await trial.expect(.cancelled, of: waiting)
        let draining = trial.startDraining(pair.receiver)
        try await trial.value(of: "send after a cancelled wait") {
            try await pair.sender.send(bytes)
        }
        try await trial.expectTail(bytes, of: draining, over: pair)
    },
]

extension Trial where Pair == OneWayPair {
    /// Closes, and looks that what has been received, after what clogged the stream, ends with the
    /// bytes.
    fileprivate func expectTail(
        _ bytes: [UInt8], of draining: Started<[UInt8]>, over pair: OneWayPair,
        line: Int = #line, fileID: String = #fileID
    ) async throws {
        let closing = start("close of the sender") { try await pair.sender.close() }
        let received = try await value(of: draining, line: line, fileID: fileID)
        await close(pair.receiver, line: line, fileID: fileID)
        await end(of: closing, line: line, fileID: fileID)
        try expectSame(received.suffix(bytes.count), bytes, line: line, fileID: fileID)
    }
}
