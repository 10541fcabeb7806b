import UVLoop

/// What closing means on the side that closes.
let closingBehaviours: [Behaviour<OneWayPair>] = [
    Behaviour(.oneWay, "receiving after the own close: closed") { trial in
        for isForced in [false, true] {
            let pair = try await trial.pair()
            // Bytes that nobody has received make no difference.
            let sending = trial.start("send") { try await pair.sender.send([1, 2, 3]) }
            await trial.settle(sending)
            let closing = trial.startEnding(pair.receiver, isForced)
            await trial.end(of: sending)
            pair.sender.abort()
            await trial.end(of: closing)
            for _ in 0..<2 {
                try await trial.expect(.closed, of: "receive after the own close") {
                    try await pair.receiver.receive(upTo: 10)
                }
            }
        }
    },

    Behaviour(.oneWay, "sending after the own close: closed") { trial in
        for isForced in [false, true] {
            let pair = try await trial.pair()
            let closing = trial.startEnding(pair.sender, isForced)
            if !isForced { try await trial.expectEnd(of: pair.receiver) }
            await trial.close(pair.receiver)
            await trial.end(of: closing)
            for _ in 0..<2 {
                try await trial.expectRefusals(
                    .closed, by: pair.sender, "after the own close")
            }
        }
    },

    Behaviour(.oneWay, "closing wakes a blocked receive with closed") { trial in
        for isForced in [false, true] {
            let pair = try await trial.pair()
            let receiving = trial.start("receive that the own close interrupts") {
                try await pair.receiver.receive(upTo: 10)
            }
            try await trial.expectWait(of: receiving, for: "bytes")
            let closing = trial.startEnding(pair.receiver, isForced)
            try await trial.expect(.closed, of: receiving)
            pair.sender.abort()
            await trial.end(of: closing)
        }
    },

    Behaviour(.oneWay, "closing is idempotent on both sides") { trial in
        let pair = try await trial.pair()
        func closeAll(_ times: Int) -> [Started<Void>] {
            (0..<times).flatMap { _ in
                [
                    trial.start("close of the sender") { try await pair.sender.close() },
                    trial.start("close of the receiver") { try await pair.receiver.close() },
                ]
            }
        }
        for closing in closeAll(2) { await trial.end(of: closing) }
        for closing in closeAll(1) { try await trial.value(of: closing) }
        for _ in 0..<2 { pair.abort() }
        for closing in closeAll(1) { try await trial.value(of: closing) }
        try await trial.expectRefusal(.closed, by: pair.sender, "after several closes")
        try await trial.expect(.closed, of: "receive after several closes") {
            try await pair.receiver.receive(upTo: 10)
        }
    },

    Behaviour(.oneWay, "closing after an abort is nothing") { trial in
        let pair = try await trial.pair()
        for _ in 0..<2 { pair.abort() }
        try await trial.value(of: "close of the sender") { try await pair.sender.close() }
        try await trial.value(of: "close of the receiver") { try await pair.receiver.close() }
    },

    Behaviour(.oneWay, "a close in a cancelled task still closes the sender") { trial in
        let pair = try await trial.pair()
        let closing = trial.startCancelled("close of the sender in a cancelled task") {
            try await pair.sender.close()
        }
        try await trial.expect(.cancelled, of: closing)
        try await trial.expectRefusal(.closed, by: pair.sender, "after a cancelled close")
        let receiving = trial.start("receive after the sender's cancelled close") {
            try await pair.receiver.receive(upTo: 10)
        }
        try await trial.expectEndOrBreak(of: receiving)
    },

    Behaviour(.oneWay, "a close in a cancelled task still closes the receiver") { trial in
        let pair = try await trial.pair()
        let closing = trial.startCancelled("close of the receiver in a cancelled task") {
            try await pair.receiver.close()
        }
        try await trial.expect(.cancelled, of: closing)
        try await trial.expect(.closed, of: "receive after a cancelled close") {
            try await pair.receiver.receive(upTo: 10)
        }
        try await trial.expectFirstBreak(of: pair.sender)
    },

    Behaviour(.oneWay, "cancelling a close that waits ends it, and it has closed") { trial in
        let pair = try await trial.pair()
        let closing = trial.start("cancelled close of the sender") {
            try await pair.sender.close()
        }
        await trial.settle(closing)
        closing.cancel()
        await trial.end(of: closing)
        try await trial.expectRefusal(.closed, by: pair.sender, "after a cancelled close")

        let other = try await trial.pair()
        let closingOther = trial.start("cancelled close of the receiver") {
            try await other.receiver.close()
        }
        await trial.settle(closingOther)
        closingOther.cancel()
        await trial.end(of: closingOther)
        try await trial.expect(.closed, of: "receive after a cancelled close") {
            try await other.receiver.receive(upTo: 10)
        }
    },
]

extension Trial {
    /// Starts to close, or aborts.
    func startEnding(_ stream: any SendStream, _ isForced: Bool) -> Started<Void> {
        start(isForced ? "abort of the sender" : "close of the sender") {
            if isForced { stream.abort() } else { try await stream.close() }
        }
    }

    /// Starts to close, or aborts.
    func startEnding(_ stream: any ReceiveStream, _ isForced: Bool) -> Started<Void> {
        start(isForced ? "abort of the receiver" : "close of the receiver") {
            if isForced { stream.abort() } else { try await stream.close() }
        }
    }
}
